import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { InboxItem, Presence } from '@synapse/client'
import { Room } from '../../client/room'
import { until } from '../../support/sockets'
import { Desk } from './desk'

setDefaultTimeout(120_000)

let room: Room
beforeAll(async () => {
  room = await Room.open()
})
afterAll(() => room[Symbol.asyncDispose]())

describe('inbox and ack', () => {
  test('the inbox shows what notified the account until it is acknowledged', async () => {
    const [ann, bob] = [await Desk.of(room, 'ann'), await Desk.of(room, 'bob')]
    await ann.out('post', 'general', '@bob one\nand more')
    await ann.out('post', 'general', '@bob two \u001b[2J')
    const { stdout } = await bob.run('inbox')
    expect(stdout.split('\n').map((line) => line.split('\t').slice(1))).toEqual([
      ['mention', 'ann', '#general', '@bob one^Jand more'],
      ['mention', 'ann', '#general', '@bob two ^[[2J'],
      [],
    ])
    const items = await bob.lines<InboxItem>('inbox', '--json')
    expect(items.map(({ reason, message }) => [reason, message.body])).toEqual([
      ['mention', '@bob one\nand more'],
      ['mention', '@bob two \u001b[2J'],
    ])
    expect(await bob.out('ack')).toBe('2 items acked, 0 still open\n')
    expect(await bob.lines('inbox', '--json')).toEqual([])
  })

  test('ack acknowledges what was shown, and not what came since', async () => {
    const [ann, cyd] = [await Desk.of(room, 'ann'), await Desk.of(room, 'cyd')]
    await ann.out('post', 'general', '@cyd shown')
    await cyd.out('inbox')
    await ann.out('post', 'general', '@cyd later')
    expect(await cyd.out('ack')).toBe('1 item acked, 1 still open\n')
    const left = await cyd.lines<InboxItem>('inbox', '--json')
    expect(left.map(({ message }) => message.body)).toEqual(['@cyd later'])
    const [item] = left
    expect(await cyd.out('ack', item?.message.id ?? '', '--note', 'done')).toBe(
      '1 item acked, 0 still open\n',
    )
  })

  test('where nothing can be saved, the inbox is shown, and says how to acknowledge it', async () => {
    const [ann, kay] = [await Desk.of(room, 'ann'), await Desk.of(room, 'kay')]
    await ann.out('post', 'general', '@kay hello')
    const homeless = kay.with({
      HOME: '/dev/null',
      SYNAPSE_URL: room.url,
      SYNAPSE_TOKEN: await room.token('kay'),
    })
    const { code, stdout, stderr } = await homeless.run('inbox')
    expect({ code, hasItem: stdout.includes('@kay hello') }).toEqual({ code: 0, hasItem: true })
    const cursor = /synapse ack (\S+)/.exec(stderr)?.[1] ?? ''
    expect(await homeless.run('ack', cursor)).toMatchObject({
      code: 0,
      stdout: '1 item acked, 0 still open\n',
    })
  })

  test('a failure reaches the sender with its note', async () => {
    const [ann, dan] = [await Desk.of(room, 'ann'), await Desk.of(room, 'dan')]
    const id = (await ann.out('post', 'general', '@dan deploy')).trim()
    await dan.out('inbox')
    expect(await dan.out('ack', '--state', 'failed', '--note', 'no access')).toContain('1 item failed')
    const client = await room.as('ann')
    const { deliveries } = await client.request('GET /v1/messages/{id}/deliveries', { path: { id } })
    expect(deliveries).toMatchObject([{ account: { handle: 'dan' }, state: 'failed', note: 'no access' }])
  })

  test('each consumer has its own position', async () => {
    const [ann, eve] = [await Desk.of(room, 'ann'), await Desk.of(room, 'eve')]
    await ann.out('post', 'general', '@eve hello')
    await eve.out('inbox', '--consumer', 'w1')
    await eve.out('ack', '--consumer', 'w1')
    expect(await eve.lines('inbox', '--consumer', 'w1', '--json')).toEqual([])
    expect(await eve.lines('inbox', '--json')).toHaveLength(1)
    const unseen = await eve.run('ack', '--consumer', 'w2')
    expect(unseen).toMatchObject({ code: 4, stderr: expect.stringContaining('synapse inbox --consumer w2') })
  })

  test('--wait ends with the first item, or after its time', async () => {
    const [ann, fay] = [await Desk.of(room, 'ann'), await Desk.of(room, 'fay')]
    for (const wait of ['0', '1'])
      expect(await fay.run('inbox', '--wait', wait)).toMatchObject({ code: 0, stdout: '' })
    const waiting = fay.lines<InboxItem>('inbox', '--wait', '60', '--json')
    await ann.out('post', 'general', '@fay now')
    expect((await waiting).map(({ message }) => message.body)).toEqual(['@fay now'])
  })

  test('what is neither a cursor nor ids is refused', async () => {
    const gus = await Desk.of(room, 'gus')
    for (const words of [
      ['ack', 'one', 'two'],
      ['ack', 'one', '--note', 'x'],
      ['inbox', '--limit', '0'],
      ['inbox', '--wait', 'long'],
    ])
      expect([words, (await gus.run(...words)).code]).toEqual([words, 2])
    expect((await gus.run('ack', 'nonsense')).code).toBe(2)
  })

  test('at a terminal the inbox is a table that names the next command', async () => {
    const [ann, hal] = [await Desk.of(room, 'ann'), await Desk.of(room, 'hal')]
    await ann.out('post', 'general', `@hal ${'long '.repeat(100)}`)
    const { code, stdout } = await hal.type(80, 'inbox')
    expect(code).toBe(0)
    const lines = stdout.replaceAll(/\p{Cc}\[\d+m/gu, '').split('\n')
    expect(lines[0]).toBe('WHEN  WHY      FROM  WHERE     TEXT')
    expect(lines[1]).toMatch(/^\d+ s {3}mention {2}ann\* {2}#general {2}@hal long .*…$/)
    expect(Bun.stringWidth(lines[1] ?? '')).toBe(80)
    expect(lines[2]).toBe('1 item waits. Done with it: synapse ack')
  })
})

describe('search', () => {
  test('messages are found by their words, their channel and their author', async () => {
    const [ann, ida] = [await Desk.of(room, 'ann'), await Desk.of(room, 'ida')]
    await ann.out('post', 'general', 'the zeppelin flies')
    await ida.out('post', 'general', 'a zeppelin\nlands')
    await until('the index', async () => (await ann.lines('search', 'zeppelin', '--json')).length === 2)
    const { stdout } = await ann.run('search', 'zeppelin', '--from', '@ida')
    expect(stdout.split('\t').slice(1)).toEqual(['#general', 'ida', 'a zeppelin^Jlands\n'])
    expect(await ann.lines('search', '--json', '--', 'zeppelin', '-flies')).toHaveLength(1)
    expect(await ann.run('search', 'nothingofthekind')).toMatchObject({ code: 0, stdout: '' })
    expect((await ann.run('search')).code).toBe(2)
  })
})

describe('presence', () => {
  test('a state holds with its note until it is taken back', async () => {
    const jan = await Desk.of(room, 'jan')
    expect(await jan.out('presence', 'working', '--note', 'the diff', '--ttl', '10m')).toMatch(
      /^jan is working: the diff, until (?:\d{4}-\d\d-\d\d )?\d\d:\d\d\n$/,
    )
    const [shown] = await jan.lines<Presence>('presence', '--json')
    expect(shown).toMatchObject({ handle: 'jan', state: 'working', note: 'the diff' })
    expect(await jan.out('presence', '--channel', 'general')).toMatch(/^jan\tworking\t.*\tthe diff$/m)
    await jan.out('presence', 'offline')
    const [after] = await jan.lines<Presence>('presence', '--json')
    expect(after?.state).not.toBe('working')
    expect((await jan.run('presence', 'sleeping')).code).toBe(2)
    expect((await jan.run('presence', 'idle', '--ttl', '1s')).code).toBe(2)
  })
})
