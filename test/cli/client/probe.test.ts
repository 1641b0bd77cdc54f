import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { Room } from '../../client/room'
import { Desk } from './desk'

setDefaultTimeout(120_000)

let room: Room
let desk: Desk
beforeAll(async () => {
  room = await Room.open()
  desk = await Desk.of(room, 'ann')
})
afterAll(() => room[Symbol.asyncDispose]())

interface Report {
  readonly ok: boolean
  readonly channel: string
  readonly ways: readonly { readonly way: string; readonly ms: number | null; readonly error?: string }[]
}
const WAYS = ['rest', 'long-poll', 'sse', 'websocket']

/** A proxy that lets only plain requests pass. */
function plainProxy() {
  return Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: 60,
    fetch(request) {
      const { pathname, search } = new URL(request.url)
      const isStream = request.headers.get('accept')?.includes('text/event-stream') === true
      if (request.headers.has('upgrade') || isStream) return new Response('no streams here', { status: 502 })
      const { method, headers, body } = request
      return fetch(`${room.url}${pathname}${search}`, { method, headers, body })
    },
  })
}

describe('probe', () => {
  test('a message is timed on every way, and is gone afterwards', async () => {
    const [report] = await desk.lines<Report>('probe', '--channel', '#general', '--json')
    expect(report).toMatchObject({ ok: true, channel: 'general' })
    expect(report?.ways.map(({ way }) => way)).toEqual(WAYS)
    for (const { ms } of report?.ways ?? []) expect(ms).toBeGreaterThan(0)
    expect(await desk.lines('check', '--channel', 'general', '--json')).toEqual([])
    const shown = await desk.out('probe', '--channel', 'general')
    expect(
      shown
        .trimEnd()
        .split('\n')
        .map((line) => line.split('\t')[0]),
    ).toEqual(WAYS)
  })

  test('the message notifies nobody', async () => {
    const other = await Desk.of(room, 'bob')
    await desk.out('probe', '--channel', 'general')
    expect(await other.lines('inbox', '--json')).toEqual([])
  })

  test('metrics name the channel and the way', async () => {
    const text = await desk.out('probe', '--channel', 'general', '--prometheus')
    expect(text).toContain('# TYPE synapse_probe_seconds gauge\n')
    for (const way of WAYS) {
      expect(text).toContain(`synapse_probe_success{channel="general",way="${way}"} 1\n`)
      expect(text).toMatch(
        new RegExp(`^synapse_probe_seconds\\{channel="general",way="${way}"\\} 0\\.\\d+$`, 'm'),
      )
    }
  })

  test('a way that is blocked ends it with 1 and a reason, and the others are timed', async () => {
    const proxy = plainProxy()
    const away = desk.with({ SYNAPSE_URL: `http://127.0.0.1:${proxy.port}` })
    try {
      const { code, stdout } = await away.run('probe', '--channel', 'general', '--timeout', '2', '--json')
      expect(code).toBe(1)
      const { ok, ways } = JSON.parse(stdout) as Report
      expect(ok).toBe(false)
      expect(ways.map(({ way, ms, error }) => [way, ms !== null, error])).toEqual([
        ['rest', true, undefined],
        ['long-poll', true, undefined],
        ['sse', false, expect.stringContaining('did not open within 2 s')],
        ['websocket', false, expect.stringContaining('did not open within 2 s')],
      ])
      const metrics = await away.run('probe', '--channel', 'general', '--timeout', '2', '--prometheus')
      expect(metrics.code).toBe(1)
      expect(metrics.stdout).toContain('synapse_probe_success{channel="general",way="sse"} 0\n')
      expect(metrics.stdout).not.toContain('synapse_probe_seconds{channel="general",way="sse"}')
      expect(await desk.lines('check', '--channel', 'general', '--json')).toEqual([])
    } finally {
      await proxy.stop(true)
    }
  })

  test('where nothing can be posted, the exit status says why, and the metrics are 0', async () => {
    const refused = await desk.run('probe', '--channel', 'nowhere', '--prometheus')
    expect(refused.code).toBe(4)
    for (const way of WAYS)
      expect(refused.stdout).toContain(`synapse_probe_success{channel="nowhere",way="${way}"} 0\n`)
    const gone = desk.with({ SYNAPSE_URL: 'http://127.0.0.1:9' })
    const { code, stderr } = await gone.run('probe', '--channel', 'general', '--timeout', '1')
    expect([code, stderr]).toEqual([8, expect.stringContaining('cannot reach http://127.0.0.1:9')])
    expect((await desk.run('probe', '--channel', 'general', '--json', '--prometheus')).code).toBe(2)
    expect((await desk.run('probe', '--channel', 'general', '--timeout', '0')).code).toBe(2)
  })
})
