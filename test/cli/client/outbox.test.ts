import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { chmodSync, existsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Message, Synapse } from '@synapse/client'
import { Outbox } from '../../../src/cli/client/outbox'
import { TestProxy } from '../../client/proxy'
import { Room } from '../../client/room'
import { temporaryDirectory, thrownBy } from '../../home/temporary'
import { until } from '../../support/sockets'
import { freePort } from '../../support/supervised'
import { Desk } from './desk'
import { Started } from './started'

setDefaultTimeout(120_000)

const QUICK = 'http_timeout = 0.1\n'

let room: Room
let ada: Synapse
beforeAll(async () => {
  room = await Room.open()
  ada = await room.as('ada', 'person')
})
afterAll(() => room[Symbol.asyncDispose]())

/** The bodies that an account has posted, oldest first. */
async function postedBy(handle: string): Promise<string[]> {
  const { messages } = await ada.request('GET /v1/messages', {
    query: { channel: 'general', from: handle, limit: 50 },
  })
  return messages.map(({ body }) => body)
}

/** The clock of an outbox, moved by hand, in milliseconds. */
class Box implements Disposable {
  private readonly folder = temporaryDirectory()
  now = 1_000_000
  readonly outbox = this.open()

  open(url = 'http://chat'): Outbox {
    return Outbox.open(join(this.folder.path, 'ann.outbox'), url, () => this.now)
  }

  [Symbol.dispose](): void {
    this.outbox[Symbol.dispose]()
    this.folder[Symbol.dispose]()
  }
}

const draft = (key: string, channel = 'general') => ({ key, post: { channel, body: `text of ${key}` } })

describe('an outbox', () => {
  test('each failure doubles the pause from 2 s on, and the eighth ends the attempts', () => {
    using box = new Box()
    const { outbox } = box
    outbox.add(draft('one'))
    const pauses: number[] = []
    for (let letter = outbox.take(); letter !== undefined; letter = outbox.take()) {
      outbox.missed(letter, 'nothing listens there')
      const next = outbox.nextAt()
      if (next === Number.POSITIVE_INFINITY) break
      pauses.push((next - box.now) / 1000)
      box.now = next - 1
      expect(outbox.take()).toBeUndefined()
      box.now = next
    }
    expect(pauses).toEqual([2, 4, 8, 16, 32, 64, 128])
    expect(outbox.find('one')).toMatchObject({
      ...{ state: 'failed', failures: 8, problem: 'nothing listens there' },
    })
    expect(outbox.count()).toEqual({ waiting: 0, failed: 1 })
    const [letter] = outbox.unsent()
    if (letter !== undefined) outbox.retry(letter)
    expect(outbox.take()).toMatchObject({ key: 'one', failures: 0 })
  })

  test('a server that says when to come again is not asked before', () => {
    using box = new Box()
    const { outbox } = box
    outbox.add(draft('one'))
    const letter = outbox.take()
    if (letter !== undefined) outbox.missed(letter, 'too many requests', 60_000)
    expect(outbox.nextAt() - box.now).toBe(60_000)
  })

  test('in a channel messages are sent in their order, and other channels do not wait', () => {
    using box = new Box()
    const { outbox } = box
    for (const one of [draft('1'), draft('2'), draft('3', 'ops')]) outbox.add(one)
    const first = outbox.take()
    if (first !== undefined) outbox.missed(first, 'away')
    const other = outbox.take()
    expect([first?.key, other?.key]).toEqual(['1', '3'])
    if (other !== undefined) outbox.sent(other)
    expect(outbox.take()).toBeUndefined()
    box.now = outbox.nextAt()
    if (first !== undefined) outbox.sent(first)
    expect(outbox.take()?.key).toBe('2')
  })

  test('a key belongs to one message of a server, also after that was sent', () => {
    using box = new Box()
    const { outbox } = box
    const { id } = outbox.add(draft('one'))
    expect(outbox.add(draft('one')).id).toBe(id)
    expect(
      String(thrownBy(() => outbox.add({ ...draft('one'), post: { channel: 'ops', body: 'x' } }))),
    ).toContain('has the key one')
    const letter = outbox.take()
    if (letter !== undefined) outbox.sent(letter)
    expect(outbox.add(draft('one'))).toMatchObject({ id, state: 'sent' })
    using other = box.open('http://other')
    expect(other.unsent()).toEqual([])
    expect(other.add(draft('one')).state).toBe('waiting')
  })
})

test('a queued message waits while the server is away, and is posted once when it is there again', async () => {
  const desk = await Desk.of(room, 'bea', 'agent', QUICK)
  const away = desk.with({ SYNAPSE_HANDLE: 'bea' })
  await room.server.kill()
  for (const text of ['first', 'second']) {
    const { code, stdout, stderr } = await away.run('post', '--queue', '--key', text, 'general', text)
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
    expect(stderr).toContain('in the outbox')
  }
  expect((await away.run('post', 'general', 'not kept')).code).toBe(8)
  expect(statSync(join(desk.folder, 'bea.outbox')).mode & 0o777).toBe(0o600)
  const status = await away.run('status')
  expect(status).toMatchObject({ code: 8, stdout: expect.stringContaining('outbox: 2 messages waiting') })
  expect((await away.run('outbox', '--send')).code).toBe(8)
  expect(await away.lines('outbox', '--json')).toMatchObject([
    { client_msg_id: 'first', channel: 'general', body: 'first', problem: 'nothing listens there' },
    { client_msg_id: 'second', failures: 0 },
  ])
  await room.start()
  expect(await desk.lines('outbox', '--send', '--json')).toEqual([])
  expect(await postedBy('bea')).toEqual(['first', 'second'])
  const again = ['post', '--queue', '--key', 'first', 'general', 'first', '--json']
  expect(await desk.lines<Message>(...again)).toMatchObject([{ body: 'first', client_msg_id: 'first' }])
  expect(await postedBy('bea')).toEqual(['first', 'second'])
  expect(await desk.out('status')).not.toContain('outbox')
})

test('a queued message that the server refuses is an error, and is not kept', async () => {
  const desk = await Desk.of(room, 'cyd')
  expect(await desk.run('post', '--queue', 'nowhere', 'hello')).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('Channel not found'),
  })
  expect(await desk.lines('outbox', '--json')).toEqual([])
  expect((await desk.run('post', '--queue', 'general', 'x', '--attach', 'y')).code).toBe(2)
  expect((await desk.run('outbox', '--discard', '9')).code).toBe(4)
  expect((await desk.run('outbox', '--retry', 'x')).code).toBe(2)
})

test('a message whose sender was killed in the middle is posted by the next one', async () => {
  await using proxy = await TestProxy.before(room.url)
  proxy.requests = 'holds'
  const desk = (await Desk.of(room, 'dot')).with({ SYNAPSE_URL: proxy.url })
  {
    await using posting = new Started(desk, 'post', '--queue', 'general', 'from the dead')
    await until('the request', () => proxy.taken > 0)
    await posting.stop('SIGKILL')
  }
  proxy.requests = 'passes'
  expect(await desk.lines('outbox', '--json')).toMatchObject([{ body: 'from the dead', state: 'waiting' }])
  expect(await desk.lines('outbox', '--send', '--json')).toEqual([])
  expect(await postedBy('dot')).toEqual(['from the dead'])
})

test('watch sends what other processes have queued', async () => {
  const desk = await Desk.of(room, 'eli', 'agent', QUICK)
  await using watching = new Started(desk, 'watch', '--exec', 'true')
  await watching.says('watches')
  await room.server.kill()
  expect((await desk.run('post', '--queue', 'general', 'later')).code).toBe(0)
  await room.start()
  await until('the message', async () => (await postedBy('eli')).includes('later'), 60_000)
  expect(await watching.stop()).toBe(0)
})

test('a discarded message is not posted, and one that failed is only posted by --retry', async () => {
  const desk = await Desk.of(room, 'fay')
  using outbox = Outbox.open(join(desk.folder, 'fay.outbox'), room.url)
  for (const key of ['one', 'two']) outbox.refused(outbox.add(draft(key)), 'not now')
  expect(await desk.out('status')).toContain('outbox: 2 messages could not be posted')
  expect(await desk.lines('outbox', '--send', '--json')).toMatchObject([
    { state: 'failed' },
    { state: 'failed' },
  ])
  expect(await desk.lines('outbox', '--discard', '1', '--json')).toMatchObject([{ problem: 'not now' }])
  expect(await desk.lines('outbox', '--retry', 'all', '--json')).toEqual([])
  expect(await postedBy('fay')).toEqual(['text of two'])
})

test('the answer of a woken program survives the end of the server and of the daemon', async () => {
  const desk = await Desk.of(room, 'gia')
  const program = join(desk.home, 'program')
  const wait = 'touch began; while [ ! -f ended ]; do sleep 0.05; done; echo late but here'
  writeFileSync(program, `#!/bin/sh\n${wait}\n`)
  chmodSync(program, 0o755)
  writeFileSync(
    join(desk.home, 'wake-daemon.toml'),
    `[wake]\nbind = "127.0.0.1:${freePort()}"\n[wake.subprocess]\nclaude_binary = "${program}"\nworking_directory = "${desk.home}"\n`,
  )
  await desk.out('activate')
  const { id } = await ada.post('general', '@gia take your time')
  {
    await using daemon = new Started(desk, 'wake')
    await until('the program', () => existsSync(join(desk.home, 'began')))
    await room.server.kill()
    writeFileSync(join(desk.home, 'ended'), '')
    using outbox = Outbox.open(join(desk.folder, 'gia.outbox'), room.url)
    await until('the answer in the outbox', () => (outbox.unsent()[0]?.failures ?? 0) > 0)
    await daemon.stop('SIGKILL')
  }
  await room.start()
  await using _ = new Started(desk, 'wake')
  expect((await ada.awaitMessage({ thread: id, timeout: 60 })).body).toBe('late but here')
  await until('the acknowledgement', async () => {
    const { deliveries } = await ada.request('GET /v1/messages/{id}/deliveries', { path: { id } })
    return deliveries[0]?.state === 'acked'
  })
  expect(await postedBy('gia')).toEqual(['late but here'])
})
