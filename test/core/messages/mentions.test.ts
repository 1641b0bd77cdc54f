import { describe, expect, test } from 'bun:test'
import { mentionTokens, resolveMentions } from '../../../src/core/messages/mentions'
import { thrownBy } from '../../home/temporary'
import { roomOf } from '../room'

interface Situation {
  readonly sender?: string
  readonly members?: readonly string[]
  readonly archived?: readonly string[]
  readonly aliases?: Record<string, readonly string[]>
  readonly here?: readonly string[]
}

const team = ['agent-1', 'agent-2', 'agent-4', 'assistant']

/** What a body comes to in a room, by handle. */
function resolve(body: string, situation: Situation = {}) {
  const { members = team, archived = [], aliases = {}, here = [] } = situation
  const { sender = members[0] ?? '' } = situation
  const room = roomOf(members, archived)
  const found = resolveMentions(mentionTokens(body), {
    senderId: room.idOf(sender),
    aliases,
    members: room.mentioned(here),
  })
  const names = (ids: readonly number[]) => ids.map(room.handleOf)
  return { ...found, listed: names(found.listed), unlisted: names(found.unlisted) }
}

describe('a body mentions', () => {
  const rows: [string, string[]][] = [
    // V10, V11 and V15 of the contract come first.
    ['@agent-1 @agent-2 @agent-1', ['agent-1', 'agent-2']],
    ['foo@bar.com', []],
    ['@AGENT-1', ['agent-1']],
    ['', []],
    ['nobody', []],
    ['@', []],
    ['@ bob', []],
    ['@1bob', []],
    ['@_bob', []],
    ['@-bob', []],
    ['(@bob)', ['bob']],
    ['@bob, @ann.', ['bob', 'ann']],
    ["@bob's", ['bob']],
    ['@bob_2-x', ['bob_2-x']],
    ['a@bob', []],
    ['7@bob', []],
    ['_@bob', []],
    ['é@bob', []],
    ['١@bob', []],
    ['-@bob', ['bob']],
    ['.@bob', ['bob']],
    ['@@bob', ['bob']],
    ['😀@bob', ['bob']],
    ['@bob@', ['bob']],
    ['@bob\n@ann', ['bob', 'ann']],
    ['`@bob` and\n```\n@ann\n```', ['bob', 'ann']],
    ['> @bob', ['bob']],
    ['@bobé', ['bob']],
    [`@${'b'.repeat(64)}`, ['b'.repeat(64)]],
    ['@bob@Example.org', ['bob@example.org']],
    ['@bob@example.org.', ['bob@example.org']],
    ['@bob@peer @bob', ['bob@peer', 'bob']],
    ['@bob@x-y.z, hi', ['bob@x-y.z']],
  ]
  test.each(rows)('%p: %j', (body, tokens) => {
    expect(mentionTokens(body)).toEqual(tokens)
  })
})

describe('a mention reaches', () => {
  test('every other member by @channel and @everyone (V12)', () => {
    const members = ['agent-1', 'agent-2', 'assistant']
    for (const word of ['channel', 'everyone', 'Channel', 'EVERYONE'])
      expect(resolve(`fyi @${word}`, { sender: 'assistant', members })).toMatchObject({
        listed: ['agent-1', 'agent-2'],
        broadcast: true,
        truncated: false,
        unresolved: [],
      })
  })

  test('the members of an alias, where it stands, without the sender (V13)', () => {
    const aliases = { team: ['agent-1', 'agent-2', 'assistant', 'agent-4'] }
    expect(resolve('@agent-2 @team', { sender: 'agent-4', aliases })).toMatchObject({
      listed: ['agent-2', 'agent-1', 'assistant'],
      broadcast: false,
      unresolved: [],
    })
  })

  test('the sender only by its own name (V14)', () => {
    expect(resolve('@assistant note', { sender: 'assistant' }).listed).toEqual(['assistant'])
    expect(resolve('@here @channel', { sender: 'assistant', here: ['assistant'] }).listed).not.toContain(
      'assistant',
    )
  })

  test('by @here those with an open stream, but for the sender', () => {
    expect(resolve('@here', { sender: 'agent-1', here: ['agent-1', 'agent-4'] })).toMatchObject({
      listed: ['agent-4'],
      broadcast: false,
      unresolved: [],
    })
    expect(resolve('@here', { sender: 'agent-1' })).toMatchObject({ listed: [], unresolved: [] })
  })

  test('an alias before an account of the same name', () => {
    const aliases = { 'agent-2': ['assistant'] }
    expect(resolve('@agent-2', { aliases }).listed).toEqual(['assistant'])
  })

  test('everybody by @channel and those here by @here, whatever an alias is called', () => {
    const aliases = { channel: ['agent-2'], here: ['agent-2'] }
    expect(resolve('@channel', { aliases }).listed).toEqual(['agent-2', 'agent-4', 'assistant'])
    expect(resolve('@here', { aliases }).listed).toEqual([])
  })

  test('no alias inside an alias, and nobody who is not in the room', () => {
    const aliases = { a: ['b', 'agent-2', 'stranger', 'agent-2'], b: ['assistant'] }
    expect(resolve('@a', { aliases })).toMatchObject({ listed: ['agent-2'], unresolved: [] })
  })

  test('nothing that every object has', () => {
    expect(resolve('@constructor @toString @hasOwnProperty @valueOf')).toMatchObject({
      listed: [],
      unresolved: ['constructor', 'tostring', 'hasownproperty', 'valueof'],
    })
  })

  test('no archived member, by whatever word', () => {
    const aliases = { duo: ['agent-2', 'assistant'] }
    const found = resolve('@agent-2 @duo @channel @here', {
      archived: ['agent-2'],
      aliases,
      here: ['agent-2'],
    })
    expect(found.listed).toEqual(['assistant', 'agent-4'])
    expect(found.unresolved).toEqual(['agent-2'])
  })

  test('nobody of this server by the name of an account elsewhere', () => {
    expect(resolve('@agent-2@example.org')).toMatchObject({ listed: [], unresolved: ['agent-2@example.org'] })
    const members = ['agent-1', 'channel-2']
    expect(resolve('@channel@example.org @here@x', { members, here: members })).toMatchObject({
      listed: [],
      broadcast: false,
      unresolved: ['channel@example.org', 'here@x'],
    })
  })
})

test('each account is listed once, where it was named first', () => {
  expect(resolve('@assistant @channel @agent-2').listed).toEqual(['assistant', 'agent-2', 'agent-4'])
})

describe('a message names at most 50 handles', () => {
  const members = Array.from({ length: 60 }, (_, i) => `m${i + 10}`)
  const body = (count: number) =>
    members
      .slice(0, count)
      .map((handle) => `@${handle}`)
      .join(' ')

  test('and 50 are fine', () => {
    expect(resolve(body(50), { members }).listed).toHaveLength(50)
  })

  test('and no more', () => {
    expect(thrownBy(() => resolve(body(51), { members }))).toMatchObject({
      kind: 'invalid',
      reason: 'too_many_mentions',
    })
  })

  test('however often, and however many an expansion stands for', () => {
    expect(resolve(`${body(50)} ${body(50)} @channel`, { members }).listed).toHaveLength(60)
  })
})

describe('an expansion lists 200 handles', () => {
  const members = Array.from({ length: 260 }, (_, i) => `m${i + 100}`)
  const sender = 'm100'

  test('and says that it was cut; a broadcast keeps no list of the rest', () => {
    const found = resolve('@channel', { members, sender })
    expect(found.listed).toEqual(members.slice(1, 201))
    expect(found).toMatchObject({ truncated: true, unlisted: [], broadcast: true })
  })

  test('and an alias keeps the rest beside it', () => {
    const found = resolve('@big', { members, sender, aliases: { big: members } })
    expect(found.listed).toEqual(members.slice(1, 201))
    expect(found.unlisted).toEqual(members.slice(201))
    expect(found).toMatchObject({ truncated: true, broadcast: false })
  })

  test('and is whole with exactly as many', () => {
    const found = resolve('@channel', { members: members.slice(0, 201), sender })
    expect(found.listed).toHaveLength(200)
    expect(found.truncated).toBeFalse()
  })

  test('and whoever is also named directly is listed in any case, and only there', () => {
    for (const body of ['@channel @m350', '@m350 @channel', '@big @m350', '@m350 @big']) {
      const found = resolve(body, { members, sender, aliases: { big: members } })
      expect(found.listed.filter((handle) => handle === 'm350')).toHaveLength(1)
      expect(found.unlisted).not.toContain('m350')
    }
  })
})
