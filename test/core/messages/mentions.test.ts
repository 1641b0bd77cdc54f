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
  readonly homeserver?: string
}

const team = ['agent-1', 'agent-2', 'agent-4', 'assistant']

/** The mentions of a body in a room, by handle. */
function resolve(body: string, situation: Situation = {}) {
  const { members = team, archived = [], aliases = {}, here = [] } = situation
  const { sender = members[0] ?? '' } = situation
  const room = roomOf(members, archived)
  const found = resolveMentions(mentionTokens(body, situation.homeserver), {
    senderId: room.idOf(sender),
    mayBroadcast: () => true,
    aliases,
    members: room.mentioned(here),
  })
  const names = (ids: readonly number[]) => ids.map(room.handleOf)
  return { ...found, listed: names(found.listed), unlisted: names(found.unlisted) }
}

describe('parsing mentions', () => {
  const rows: [string, string[]][] = [
    // The first three are examples of the contract.
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
  test.each(rows)('the body %p mentions %j', (body, tokens) => {
    expect(mentionTokens(body)).toEqual(tokens)
  })

  const ids: [string, string[]][] = [
    ['@bob:example.org', ['@bob:example.org']],
    ['hi @01-user:Example.org, and @bob', ['@01-user:example.org', 'bob']],
    ['@A.b:example.org.', ['@a.b:example.org']],
    ['@cairn=40lab:example.org', ['@cairn=40lab:example.org']],
    ['@bob: hi', ['bob']],
    ['@bob:example.org.uk', ['bob']],
    ['@bob:example.org:8448', ['bob']],
    ['@bob:example.orgs', ['bob']],
    ['mail@bob:example.org', []],
  ]
  test.each(ids)('with a homeserver example.org, the body %p mentions %j', (body, tokens) => {
    expect(mentionTokens(body, 'example.org')).toEqual(tokens)
  })
})

describe('ids of users', () => {
  const named = (body: string, members: string[]) =>
    resolve(body, { members: ['sender', ...members], homeserver: 'example.org' })

  test('name the member whose whole id they are', () => {
    expect(named('@a.b:example.org', ['a', 'a.b']).listed).toEqual(['a.b'])
    expect(named('@cairn=40lab:example.org', ['cairn@lab']).listed).toEqual(['cairn@lab'])
  })

  test('else name whom their beginning names', () => {
    expect(named('@bob.x:example.org', ['bob']).listed).toEqual(['bob'])
    expect(named('@bob.x:example.org', ['ann']).unresolved).toEqual(['bob'])
  })

  test('name a member once, also beside its handle', () => {
    expect(named('@bob @bob:example.org', ['bob']).listed).toEqual(['bob'])
  })
})

describe('resolving mentions', () => {
  test('@channel and @everyone mention every other member', () => {
    const members = ['agent-1', 'agent-2', 'assistant']
    for (const word of ['channel', 'everyone', 'Channel', 'EVERYONE'])
      expect(resolve(`fyi @${word}`, { sender: 'assistant', members })).toMatchObject({
        listed: ['agent-1', 'agent-2'],
        broadcast: true,
        truncated: false,
        unresolved: [],
      })
  })

  test('an alias mentions its members in its own channel, except the sender', () => {
    const aliases = { team: ['agent-1', 'agent-2', 'assistant', 'agent-4'] }
    expect(resolve('@agent-2 @team', { sender: 'agent-4', aliases })).toMatchObject({
      listed: ['agent-2', 'agent-1', 'assistant'],
      broadcast: false,
      unresolved: [],
    })
  })

  test('the sender is mentioned only by its own handle', () => {
    expect(resolve('@assistant note', { sender: 'assistant' }).listed).toEqual(['assistant'])
    expect(resolve('@here @channel', { sender: 'assistant', here: ['assistant'] }).listed).not.toContain(
      'assistant',
    )
  })

  test('@here mentions the members with an open stream, except the sender', () => {
    expect(resolve('@here', { sender: 'agent-1', here: ['agent-1', 'agent-4'] })).toMatchObject({
      listed: ['agent-4'],
      broadcast: false,
      unresolved: [],
    })
    expect(resolve('@here', { sender: 'agent-1' })).toMatchObject({ listed: [], unresolved: [] })
  })

  test('an alias wins over an account of the same name', () => {
    const aliases = { 'agent-2': ['assistant'] }
    expect(resolve('@agent-2', { aliases }).listed).toEqual(['assistant'])
  })

  test('@channel and @here keep their meaning even if an alias has that name', () => {
    const aliases = { channel: ['agent-2'], here: ['agent-2'] }
    expect(resolve('@channel', { aliases }).listed).toEqual(['agent-2', 'agent-4', 'assistant'])
    expect(resolve('@here', { aliases }).listed).toEqual([])
  })

  test('an alias is not resolved inside an alias, and mentions only members of the channel', () => {
    const aliases = { a: ['b', 'agent-2', 'stranger', 'agent-2'], b: ['assistant'] }
    expect(resolve('@a', { aliases })).toMatchObject({ listed: ['agent-2'], unresolved: [] })
  })

  test('a name of a built-in object property mentions no account', () => {
    expect(resolve('@constructor @toString @hasOwnProperty @valueOf')).toMatchObject({
      listed: [],
      unresolved: ['constructor', 'tostring', 'hasownproperty', 'valueof'],
    })
  })

  test('an archived member is never mentioned', () => {
    const aliases = { duo: ['agent-2', 'assistant'] }
    const found = resolve('@agent-2 @duo @channel @here', {
      archived: ['agent-2'],
      aliases,
      here: ['agent-2'],
    })
    expect(found.listed).toEqual(['assistant', 'agent-4'])
    expect(found.unresolved).toEqual(['agent-2'])
  })

  test('a handle of another server does not mention a local account', () => {
    expect(resolve('@agent-2@example.org')).toMatchObject({ listed: [], unresolved: ['agent-2@example.org'] })
    const members = ['agent-1', 'channel-2']
    expect(resolve('@channel@example.org @here@x', { members, here: members })).toMatchObject({
      listed: [],
      broadcast: false,
      unresolved: ['channel@example.org', 'here@x'],
    })
  })
})

test('each account is listed once, at its first mention', () => {
  expect(resolve('@assistant @channel @agent-2').listed).toEqual(['assistant', 'agent-2', 'agent-4'])
})

describe('the limit of handles in a message', () => {
  const members = Array.from({ length: 60 }, (_, i) => `m${i + 10}`)
  const body = (count: number) =>
    members
      .slice(0, count)
      .map((handle) => `@${handle}`)
      .join(' ')

  test('a message may name 50 handles', () => {
    expect(resolve(body(50), { members }).listed).toHaveLength(50)
  })

  test('a message with more than 50 handles is refused', () => {
    expect(thrownBy(() => resolve(body(51), { members }))).toMatchObject({
      kind: 'invalid',
      reason: 'too_many_mentions',
    })
  })

  test('repetitions and expansions do not count toward the limit of 50 handles', () => {
    expect(resolve(`${body(50)} ${body(50)} @channel`, { members }).listed).toHaveLength(60)
  })
})

describe('the limit of listed handles', () => {
  const members = Array.from({ length: 260 }, (_, i) => `m${i + 100}`)
  const sender = 'm100'

  test('@channel lists 200 handles, is marked as truncated, and keeps no list of the rest', () => {
    const found = resolve('@channel', { members, sender })
    expect(found.listed).toEqual(members.slice(1, 201))
    expect(found).toMatchObject({ truncated: true, unlisted: [], broadcast: true })
  })

  test('an alias lists 200 handles and keeps the rest in a separate list', () => {
    const found = resolve('@big', { members, sender, aliases: { big: members } })
    expect(found.listed).toEqual(members.slice(1, 201))
    expect(found.unlisted).toEqual(members.slice(201))
    expect(found).toMatchObject({ truncated: true, broadcast: false })
  })

  test('a list of exactly 200 handles is not truncated', () => {
    const found = resolve('@channel', { members: members.slice(0, 201), sender })
    expect(found.listed).toHaveLength(200)
    expect(found.truncated).toBeFalse()
  })

  test('a handle that is also named directly is always listed, and only once', () => {
    for (const body of ['@channel @m350', '@m350 @channel', '@big @m350', '@m350 @big']) {
      const found = resolve(body, { members, sender, aliases: { big: members } })
      expect(found.listed.filter((handle) => handle === 'm350')).toHaveLength(1)
      expect(found.unlisted).not.toContain('m350')
    }
  })
})
