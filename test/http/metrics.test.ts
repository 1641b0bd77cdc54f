import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Histogram, histogramSamples, render } from '../../src/metrics'
import { postgresMissing } from '../support/postgres'
import { sharedStore } from '../support/replicas'
import { type Person, type World, world } from '../support/world'

let w: World
let ann: Person

beforeAll(async () => {
  w = await world({ settings: { SYNAPSE_METRICS_ENABLED: 'on' } })
  await w.channel('general')
  ann = await w.agent('ann', { channels: { general: 'member' } })
})
afterAll(() => w[Symbol.asyncDispose]())

const scrape = async (headers: Record<string, string> = {}) => {
  const response = await fetch(`${w.url}/metrics`, { headers })
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() }
}

/** The text of the value of a sample. */
const valueIn = (text: string, sample: string) => {
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${sample} `))
  return line === undefined ? undefined : Number(line.slice(sample.length + 1))
}

describe('/metrics', () => {
  test('the answer is in the Prometheus format, with help and type for each metric', async () => {
    await ann.posts('general', 'hi')
    await w.guest.get('/v1/auth/me')
    const { status, type, text } = await scrape()
    expect({ status, type }).toEqual({ status: 200, type: 'text/plain; version=0.0.4; charset=utf-8' })
    const types = new Map<string, string>()
    for (const line of text.split('\n').filter((each) => each !== '')) {
      const [, name = '', kind = ''] = /^# TYPE (\S+) (counter|gauge|histogram)$/.exec(line) ?? []
      if (name !== '') types.set(name, kind)
      if (line.startsWith('#')) continue
      const sample = /^([a-z_]+)(?:\{(?:[a-z]+="(?:[^"\\\n]|\\.)*",?)*\})? (?:[\d.eE+-]+|\+Inf)$/.exec(line)
      expect({ line, isSample: sample !== null }).toEqual({ line, isSample: true })
      const base = (sample?.[1] ?? '').replace(/_(?:bucket|sum|count)$/, '')
      expect({ line, isDeclared: types.has(base) || types.has(sample?.[1] ?? '') }).toEqual({
        line,
        isDeclared: true,
      })
    }
    expect(types.get('synapse_http_request_duration_seconds')).toBe('histogram')
    expect([...types.keys()].every((name) => text.includes(`# HELP ${name} `))).toBe(true)
  })

  test('counters and gauges follow what happens', async () => {
    const post = 'synapse_http_requests_total{route="POST /v1/messages",status="201"}'
    const refusals = 'synapse_refusals_total{code="not_authenticated"}'
    const before = (await scrape()).text
    await ann.posts('general', 'one')
    await ann.posts('general', 'two')
    await w.guest.get('/v1/auth/me')
    const after = (await scrape()).text
    const grew = (sample: string) => (valueIn(after, sample) ?? 0) - (valueIn(before, sample) ?? 0)
    expect(grew(post)).toBe(2)
    expect(grew(refusals)).toBe(1)
    expect(grew('synapse_commit_works_sum')).toBeGreaterThanOrEqual(2)
    expect(grew('synapse_log_head')).toBe(2)
    expect(grew('synapse_http_request_duration_seconds_count{route="POST /v1/messages"}')).toBe(2)
    expect(valueIn(after, 'synapse_writes_in_flight')).toBe(0)
    expect(valueIn(after, 'synapse_reader_lag_events')).toBe(0)
    expect(valueIn(after, 'synapse_draining')).toBe(0)
    await w.indexed()
    expect(valueIn((await scrape()).text, 'synapse_projection_lag_events{projection="search"}')).toBeLessThan(
      100,
    )
    const kind = w.config.database.kind
    expect(valueIn(after, `synapse_store_healthy{store="${kind}"}`)).toBe(1)
    expect(valueIn(after, 'synapse_disk_free_bytes')).toBeGreaterThan(0)
    expect(valueIn(after, 'process_resident_memory_bytes')).toBeGreaterThan(1e6)
  })

  test('the gauges show open streams and waiting requests', async () => {
    const abort = new AbortController()
    const headers = { ...ann.credential, accept: 'text/event-stream' }
    const stream = await fetch(`${w.url}/v1/events`, { headers, signal: abort.signal })
    await stream.body?.getReader().read()
    expect(valueIn((await scrape()).text, 'synapse_streams_open')).toBe(1)
    abort.abort()
  })

  test('metrics name no account, no channel and no text of a user', async () => {
    await w.channel('a-secret-room')
    const spy = await w.agent('a-secret-agent', { channels: { 'a-secret-room': 'member' } })
    await spy.posts('a-secret-room', 'a secret word')
    await spy.get('/v1/messages/a-secret-id?channel=a-secret-room')
    await w.guest.get('/a-secret-path')
    expect((await scrape()).text).not.toContain('secret')
  })

  test('this machine may read metrics without a credential, others need the scope metrics:read', async () => {
    const monitor = await w.agent('monitor', { scopes: ['metrics:read'] })
    const chief = await w.human('chief', { isAdmin: true })
    await w.human('former')
    const { body } = await w.operator.post<{ token: string }>('/v1/admin/devices', {
      device: 'graphs',
      account_handle: 'former',
      scopes: ['metrics:read'],
      direct: true,
    })
    const proxied = { 'x-forwarded-for': '192.168.1.7' }
    const rows: [string, Record<string, string>, number][] = [
      ['this machine', {}, 200],
      ['this machine by name', { host: 'localhost:1' }, 200],
      ['a name that points here', { host: 'evil.example' }, 401],
      ['a proxy, without a credential', proxied, 401],
      ['a proxy that says it in the standard way', { forwarded: 'for=192.168.1.7' }, 401],
      ['a token without the scope', { ...proxied, ...ann.credential }, 403],
      ['a token with it', { ...proxied, ...monitor.credential }, 200],
      [
        'a token with it of a person who is no admin',
        { ...proxied, authorization: `Bearer ${body.token}` },
        403,
      ],
      ['an admin', { ...proxied, ...chief.credential }, 200],
    ]
    for (const [who, headers, status] of rows)
      expect({ who, status: (await scrape(headers)).status }).toEqual({ who, status })
    expect((await w.operator.get('/metrics')).status).toBe(200)
  })

  test('reading metrics counts against the read limit of the token', async () => {
    await using s = await world({ settings: { SYNAPSE_METRICS_ENABLED: 'on', SYNAPSE_RATE_READ: '60/2' } })
    const monitor = await s.agent('monitor', { scopes: ['metrics:read'] })
    const ask = async () => {
      const { status, headers } = await monitor.get('/metrics', { 'x-forwarded-for': '192.168.1.7' })
      return [status, headers.get('ratelimit')]
    }
    expect([await ask(), await ask(), await ask()]).toEqual([
      [200, '"read";r=1;t=1'],
      [200, '"read";r=0;t=2'],
      [429, '"read";r=0;t=2'],
    ])
  })

  test.skipIf(postgresMissing)(
    'a token that was revoked through another server is refused, even without a notice over the bus',
    async () => {
      const settings = {
        ...(await sharedStore()),
        SYNAPSE_BUS_URL: 'redis://127.0.0.1:1',
        SYNAPSE_METRICS_ENABLED: 'on',
      }
      await using here = await world({ settings })
      await using there = await world({ settings })
      const monitor = await here.agent('monitor', { scopes: ['metrics:read'] })
      const asks = async (w: World) => {
        const headers = { 'x-forwarded-for': '192.168.1.7' }
        return (await w.caller(monitor.credential).get('/metrics', headers)).status
      }
      expect(await asks(there)).toBe(200)
      const [token] = (await here.operator.get<{ id: string }[]>('/v1/admin/tokens?account=monitor')).body
      await here.operator.post(`/v1/admin/tokens/${token?.id}/revoke`)
      expect([await asks(there), await asks(here)]).toEqual([401, 401])
    },
    60_000,
  )

  test('/metrics is not found unless it is switched on', async () => {
    await using off = await world()
    expect((await off.guest.get('/metrics')).status).toBe(404)
    expect((await off.operator.get('/metrics')).status).toBe(404)
  })
})

describe('the Grafana dashboard and the alert rules', () => {
  const folder = join(import.meta.dir, '../../docs/monitoring')
  const namesIn = (text: string) => new Set(text.match(/\b(?:synapse|process)_[a-z_]+/g))

  test('the dashboard and the rules use only metrics that exist', async () => {
    const { text } = await scrape()
    const known = new Set(text.match(/^# TYPE \S+/gm)?.map((line) => line.slice('# TYPE '.length)))
    for (const file of ['grafana.json', 'alerts.yaml']) {
      const unknown = [...namesIn(readFileSync(join(folder, file), 'utf8'))].filter(
        (name) => !known.has(name) && !known.has(name.replace(/_(?:bucket|sum|count)$/, '')),
      )
      expect({ file, unknown }).toEqual({ file, unknown: [] })
    }
  })

  test('each rule has the fields that Prometheus requires and says what to do', () => {
    const { groups } = Bun.YAML.parse(readFileSync(join(folder, 'alerts.yaml'), 'utf8')) as {
      groups: { name: string; rules: Record<string, unknown>[] }[]
    }
    expect(groups.map(({ name }) => name)).toEqual(['synapse'])
    const rules = groups.flatMap((group) => group.rules)
    expect(rules.length).toBeGreaterThan(8)
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length)
    for (const rule of rules)
      expect(rule).toEqual({
        alert: expect.stringMatching(/^Synapse[A-Z]\w+$/),
        expr: expect.stringMatching(/\S/),
        for: expect.stringMatching(/^\d+[mhd]$/),
        labels: { severity: expect.stringMatching(/^(?:critical|warning)$/) },
        annotations: { summary: expect.stringMatching(/\S/), fix: expect.stringMatching(/\S/) },
      })
    for (const { expr } of rules) expect(isBalanced(String(expr))).toBe(true)
  })

  test('the panels of the dashboard do not overlap, and each has a query', () => {
    const dashboard = JSON.parse(readFileSync(join(folder, 'grafana.json'), 'utf8')) as {
      title: string
      panels: { title: string; gridPos: Record<'x' | 'y' | 'w' | 'h', number>; targets: { expr: string }[] }[]
    }
    expect(dashboard.title).toBe('Synapse')
    const taken = new Set<string>()
    for (const { title, gridPos, targets } of dashboard.panels) {
      expect({ title, queries: targets.every(({ expr }) => isBalanced(expr)) }).toEqual({
        title,
        queries: true,
      })
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24)
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect({ title, isFree: !taken.has(`${x} ${y}`) }).toEqual({ title, isFree: true })
          taken.add(`${x} ${y}`)
        }
    }
  })
})

/** Whether brackets and quotes are balanced, which shows that a query is complete. */
function isBalanced(expr: string): boolean {
  const bare = expr.replace(/"(?:[^"\\]|\\.)*"/g, '')
  const open: string[] = []
  for (const letter of bare) {
    if ('([{'.includes(letter)) open.push(letter)
    if (')]}'.includes(letter) && open.pop() !== '([{'[')]}'.indexOf(letter)]) return false
  }
  return open.length === 0 && !bare.includes('"')
}

describe('a histogram', () => {
  test('a bucket counts all values up to its bound', () => {
    const histogram = new Histogram([1, 2, 5])
    for (const value of [0.5, 1, 1.5, 5, 6]) histogram.observe(value)
    expect(histogram.read()).toEqual({ below: [2, 3, 4, 5], sum: 14, count: 5 })
    expect(
      render([{ name: 'a', type: 'histogram', help: 'b', samples: histogramSamples(histogram, { r: 'x' }) }]),
    ).toBe(
      `# HELP a b
# TYPE a histogram
a_bucket{r="x",le="1"} 2
a_bucket{r="x",le="2"} 3
a_bucket{r="x",le="5"} 4
a_bucket{r="x",le="+Inf"} 5
a_sum{r="x"} 14
a_count{r="x"} 5
`,
    )
  })

  test('labels and help texts are escaped', () => {
    const text = render([
      { name: 'a', type: 'gauge', help: 'one\ntwo', samples: [{ labels: { l: 'a"b\\c\nd' }, value: 1 }] },
    ])
    expect(text).toBe('# HELP a one\\ntwo\n# TYPE a gauge\na{l="a\\"b\\\\c\\nd"} 1\n')
  })
})
