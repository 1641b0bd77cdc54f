import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { createHmac } from 'node:crypto'
import { chmodSync, existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Message, Synapse } from '@synapse/client'
import { Room } from '../../client/room'
import { until } from '../../support/sockets'
import { freePort } from '../../support/supervised'
import { Desk } from './desk'
import { linesOf, Started } from './started'

setDefaultTimeout(120_000)

let room: Room
let ada: Synapse
beforeAll(async () => {
  room = await Room.open({ SYNAPSE_WEBHOOKS_ALLOW_TARGETS: '127.0.0.1/32' })
  ada = await room.as('ada', 'person')
})
afterAll(() => room[Symbol.asyncDispose]())

/** An agent with a push endpoint, and the configuration of the daemon that receives it. */
class Agent {
  private constructor(
    readonly desk: Desk,
    readonly synapse: Synapse,
    readonly secret: string,
    readonly port: number,
  ) {}

  static async make(handle: string, script: string, more = ''): Promise<Agent> {
    const desk = await Desk.of(room, handle)
    const port = freePort()
    const synapse = await room.as(handle)
    const body = { enabled: true, webhook_url: `http://127.0.0.1:${port}/webhook` }
    const { secret } = (await synapse.request('PUT /v1/me/push', { body })) as unknown as { secret: string }
    desk.put(`${handle}.webhook-secret`, `${secret}\n`)
    const program = join(desk.home, 'program')
    writeFileSync(program, `#!/bin/sh\n${script}\n`)
    chmodSync(program, 0o755)
    const toml = `[wake]\nbind = "127.0.0.1:${port}"\nhandle = "${handle}"\n${more}\n[wake.synapse]\nbase_url = "${room.url}/"\ntoken_file = "~/.synapse/${handle}.token"\n`
    const subprocess = `[wake.subprocess]\nclaude_binary = "${program}"\nworking_directory = "${desk.home}"\n`
    writeFileSync(join(desk.home, 'wake-daemon.toml'), `${toml}${subprocess}`)
    await desk.out('activate')
    return new Agent(desk, synapse, secret, port)
  }

  start(): Started {
    return new Started(this.desk, 'wake')
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** Sends what a server would, signed as given. */
  deliver(
    body: string,
    signature = `sha256=${createHmac('sha256', this.secret).update(body).digest('hex')}`,
  ) {
    return fetch(`${this.url}/webhook`, {
      method: 'POST',
      headers: { 'x-synapse-signature': signature, 'x-synapse-delivery': 'd-1' },
      body,
    })
  }
}

function replyTo(id: string, timeout = 20): Promise<Message> {
  return ada.awaitMessage({ thread: id, timeout })
}

async function stateOf(id: string): Promise<string> {
  const { deliveries } = await ada.request('GET /v1/messages/{id}/deliveries', { path: { id } })
  return `${deliveries[0]?.state}${deliveries[0]?.note ? `: ${deliveries[0].note}` : ''}`
}

test('a message runs the program with a prompt, and what it prints is posted as the answer', async () => {
  const agent = await Agent.make('woken', 'echo "$@" > args; cat > prompt; echo "  the **answer** "')
  await using daemon = agent.start()
  await daemon.says('is woken at')
  const { id } = await ada.post('general', '@woken what is new?')
  expect(await replyTo(id)).toMatchObject({ body: 'the **answer**', reply_to: id, sender_handle: 'woken' })
  const prompt = linesOf(agent.desk, 'prompt').join('\n')
  expect(linesOf(agent.desk, 'args')).toEqual(['-p'])
  expect(prompt).toContain('You are @woken')
  expect(prompt).toContain('@ada wrote to you:\n<message from="@ada">\n@woken what is new?\n</message>')
  await until('the acknowledgement', async () => (await stateOf(id)) === 'acked')
  const { id: next } = await ada.post('general', '@woken and then?', { thread: id })
  await until('the next answer', () => linesOf(agent.desk, 'prompt').join('\n').includes('and then?'))
  expect(linesOf(agent.desk, 'prompt').join('\n')).toContain('Said before in this thread')
  await until('its acknowledgement', async () => (await stateOf(next)) === 'acked')
  expect(await daemon.stop()).toBe(0)
})

test('<no-reply> posts nothing and acknowledges; a program that fails is reported', async () => {
  const agent = await Agent.make('silent', 'if grep -q fail; then exit 4; fi; echo "<no-reply>"')
  await using daemon = agent.start()
  await daemon.says('is woken at')
  const quiet = await ada.post('general', '@silent thanks')
  await until('the acknowledgement', async () => (await stateOf(quiet.id)) === 'acked')
  const bad = await ada.post('general', '@silent fail')
  await until('the failure', async () => (await stateOf(bad.id)) === 'failed: it ended with 4')
  const { thread_replies } = (await ada.request('GET /v1/messages/{id}', { path: { id: quiet.id } })) as {
    thread_replies?: number
  }
  expect(thread_replies ?? 0).toBe(0)
})

test('what came while the daemon was not running is answered at its start', async () => {
  const agent = await Agent.make('late', 'echo here I am')
  const { id } = await ada.post('general', '@late are you there?')
  await using _ = agent.start()
  expect((await replyTo(id)).body).toBe('here I am')
})

test('a webhook that comes again, in any form, starts nothing', async () => {
  const agent = await Agent.make('again', 'echo run >> runs; echo once')
  await using daemon = agent.start()
  await daemon.says('is woken at')
  const { id } = await ada.post('general', '@again one')
  await replyTo(id)
  const message = await ada.request('GET /v1/messages/{id}', { path: { id } })
  const body = JSON.stringify({ type: 'message.created', channel: 'general', message })
  expect((await agent.deliver(body)).status).toBe(202)
  const { id: other } = await ada.post('general', '@again two')
  await replyTo(other)
  expect(linesOf(agent.desk, 'runs')).toHaveLength(2)
})

test('deactivate stops every start until activate, and nothing is lost', async () => {
  const agent = await Agent.make('switch', 'echo run >> runs; echo on again')
  await agent.desk.out('deactivate')
  await using daemon = agent.start()
  await daemon.says('is not active')
  const { id } = await ada.post('general', '@switch hello')
  // The webhook was taken.
  await until('the notification', async () => /notified|seen/.test(await stateOf(id)))
  expect(linesOf(agent.desk, 'runs')).toEqual([])
  await agent.desk.out('activate')
  expect((await replyTo(id)).body).toBe('on again')
})

test('no more programs are started in an hour than the limit says', async () => {
  const agent = await Agent.make('limited', 'echo run >> runs; echo ok', '[wake.limits]\nper_hour = 2\n')
  await using daemon = agent.start()
  await daemon.says('is woken at')
  const ids: string[] = []
  for (const n of [1, 2, 3]) ids.push((await ada.post('general', `@limited ${n}`)).id)
  for (const id of ids.slice(0, 2)) await replyTo(id)
  await daemon.says('2 programs were started in the last hour')
  expect(linesOf(agent.desk, 'runs')).toHaveLength(2)
})

test('a message whose program was cut off is reported as failed after the next start', async () => {
  const agent = await Agent.make('cut', 'touch began; sleep 600; echo never')
  const { id } = await (async () => {
    await using daemon = agent.start()
    await daemon.says('is woken at')
    const posted = await ada.post('general', '@cut work')
    await until('the start', () => existsSync(join(agent.desk.home, 'began')))
    await daemon.stop('SIGKILL')
    return posted
  })()
  rmSync(join(agent.desk.home, 'began'))
  await using _ = agent.start()
  await until('the failure', async () => (await stateOf(id)) === 'failed: interrupted')
  expect(existsSync(join(agent.desk.home, 'began'))).toBe(false)
})

describe('the receiver', () => {
  let agent: Agent
  let daemon: Started
  beforeAll(async () => {
    agent = await Agent.make('receiver', 'echo run >> runs; echo ok')
    daemon = agent.start()
    await daemon.says('is woken at')
  })
  afterAll(() => daemon[Symbol.asyncDispose]())

  test.each(['/health', '/healthz'])('%s says which account is woken', async (path) => {
    const response = await fetch(`${agent.url}${path}`)
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({ status: 'ok', service: 'wake-daemon', handle: 'receiver' })
  })

  test.each<[string, string, RequestInit, number, string]>([
    ['another path', '/other', { method: 'POST', body: '{}' }, 404, 'not_found'],
    ['another method', '/webhook', { method: 'PUT', body: '{}' }, 404, 'not_found'],
    ['an empty body', '/webhook', { method: 'POST', body: '' }, 400, 'invalid_body_length'],
    ['a huge body', '/webhook', { method: 'POST', body: 'x'.repeat(1_000_001) }, 400, 'invalid_body_length'],
    ['no signature', '/webhook', { method: 'POST', body: '{}' }, 401, 'invalid_signature'],
  ])('%s is refused', async (_, path, init, status, error) => {
    const response = await fetch(`${agent.url}${path}`, init)
    expect([response.status, await response.json()]).toEqual([status, { error }])
  })

  test('a body that is not JSON, and a signature of other bytes, are refused', async () => {
    const broken = await agent.deliver('{')
    expect([broken.status, await broken.json()]).toEqual([400, { error: 'invalid_json' }])
    const forged = await agent.deliver('{}', `sha256=${'0'.repeat(64)}`)
    expect([forged.status, await forged.json()]).toEqual([401, { error: 'invalid_signature' }])
  })

  test('the answer names the delivery, also of what names no message', async () => {
    const response = await agent.deliver('{"type":"webhook.test"}')
    expect([response.status, await response.json()]).toEqual([202, { status: 'accepted', delivery: 'd-1' }])
  })

  test('without a secret everything is refused, and the next delivery is taken once there is one', async () => {
    const file = join(agent.desk.folder, 'receiver.webhook-secret')
    rmSync(file)
    const response = await agent.deliver('{}')
    expect([response.status, await response.json()]).toEqual([503, { error: 'no_secret_configured' }])
    agent.desk.put('receiver.webhook-secret', agent.secret)
    expect((await agent.deliver('{}')).status).toBe(202)
  })
})

test('a configuration that is wrong is refused with the name of its file and what to write', async () => {
  const desk = await Desk.of(room, 'misconfigured')
  for (const [toml, words] of [
    ['[wake]\nbind = "nowhere"', 'bind'],
    ['[wake.limits]\nper_hour = 0', 'per_hour'],
    ['[wake', 'wake-daemon.toml'],
  ] as const) {
    const file = join(desk.home, 'wake-daemon.toml')
    writeFileSync(file, toml)
    const { code, stderr } = await desk.run('wake', '--config', file)
    expect([code, stderr]).toEqual([expect.any(Number), expect.stringContaining(words)])
    expect(code).not.toBe(0)
  }
  expect((await desk.run('wake', '--config', 'absent.toml')).stderr).toContain('absent.toml')
  const file = join(desk.home, 'wake-daemon.toml')
  writeFileSync(file, '[wake.subprocess]\nclaude_binary = "no-such-program"')
  const { code, stderr } = await desk.run('wake', '--config', file)
  expect([code, stderr]).toEqual([1, expect.stringContaining('no-such-program was not found')])
})
