// What push rules say of events: as the specification has it, and as matrix-js-sdk evaluates them.
import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { PowerLevels } from '../../src/core/matrix'
import { CompiledRules } from '../../src/core/matrix/push/evaluate'
import { EventFacts, parsePath } from '../../src/core/matrix/push/facts'
import { Effort, Glob } from '../../src/core/matrix/push/glob'
import {
  type OwnRules,
  type PushRule,
  RULE_KINDS,
  type RuleKind,
  ruleSetOf,
} from '../../src/core/matrix/push/rules'
import { roomVersion } from '../../src/core/matrix/versions'
import { matrixClientsMissing } from '../support/matrix-clients'

const ME = '@ada:example.org'
const ROOM = '!room:example.org'

interface Given {
  readonly type: string
  readonly sender: string
  readonly stateKey?: string | undefined
  readonly content: Readonly<Record<string, unknown>>
}

function factsOf({ type, sender, stateKey, content }: Given, levels: PowerLevels): EventFacts {
  const pdu = {
    type,
    sender,
    room_id: ROOM,
    content,
    ...(stateKey === undefined ? {} : { state_key: stateKey }),
  }
  const facts = new EventFacts({
    ...{
      pos: 64,
      channelId: 1,
      eventId: '$event',
      type,
      stateKey: stateKey ?? null,
      sender,
      ts: 0,
      depth: 1,
    },
    ...{
      relPos: null,
      relType: null,
      relKey: null,
      threadPos: null,
      redactedBy: null,
      sentAs: null,
      flags: 0,
    },
    json: JSON.stringify(pdu),
  })
  facts.levels = levels
  return facts
}

function levelsOf(users: Readonly<Record<string, number>>, notifications: Readonly<Record<string, number>>) {
  const version = roomVersion('11')
  if (!version) throw new Error('there is no room version 11')
  const pdu = { content: { users, notifications } }
  return new PowerLevels(version, {
    event: (type) => (type === 'm.room.power_levels' ? ({ eventId: '$levels', pdu } as never) : undefined),
  })
}

const noLevels = levelsOf({}, {})
const message = (body: string, more: object = {}): Given => ({
  type: 'm.room.message',
  sender: '@ben:example.org',
  content: { msgtype: 'm.text', body, ...more },
})

/** Reports whether a rule with one condition matches. */
function holds(condition: object, given: Given, around = { members: 3, displayName: 'Ada' }): boolean {
  const rule = {
    rule_id: 'x',
    default: false,
    enabled: true,
    conditions: [condition],
    actions: ['notify', 'x'],
  }
  const rules = new CompiledRules(ME, { own: { override: [rule] }, changed: {} })
  const outcome = rules.outcomeOf(factsOf(given, noLevels), around)
  return typeof outcome !== 'string' && outcome.actions.includes('x')
}

describe('a pattern', () => {
  const words: readonly [string, string, boolean][] = [
    ['cake', 'There is CAKE.', true],
    ['cake', 'cakes', false],
    ['cake', 'cupcake', false],
    ['cake', 'cake_', false],
    ['cake', 'écake', true],
    ['cake*', 'two cakes', true],
    ['*cake', 'cupcake!', true],
    ['c*e', 'a c_e', true],
    ['c?ke', 'a coke', true],
    ['c??ke', 'a coke', false],
    ['b?e', 'the 🐝 is a b🐝e', true],
    ['foo*bar', 'foobar', true],
    ['foo*bar', 'foo and then some bar', true],
    ['foo*bar', 'foo and barn', false],
    ['foo*bar', 'foo barn bar', true],
    ['foo*bar', 'xfoo foo bar', true],
    ['a.b', 'a.b', true],
    ['a.b', 'axb', false],
    ['(x|y)+', '(x|y)+', true],
    ['two\nlines', 'two\nlines', true],
    ['a*z', 'a\nz', true],
    ['', '', true],
  ]
  test.each(words)('%p of a body matches words of %p: %p', (pattern, body, expected) => {
    expect(holds({ kind: 'event_match', key: 'content.body', pattern }, message(body))).toBe(expected)
  })

  const wholes: readonly [string, string, boolean][] = [
    ['m.text', 'm.text', true],
    ['m.*', 'M.TEXT', true],
    ['m.', 'm.text', false],
    ['*text', 'm.text', true],
    ['*e*t', 'm.text', true],
    ['*x*x*', 'm.text', false],
    ['*', '', true],
    ['?', '', false],
    ['m.tex?', 'm.text', true],
    ['m.text', 'm.text ', false],
  ]
  test.each(wholes)('%p of another member matches all of %p: %p', (pattern, msgtype, expected) => {
    expect(holds({ kind: 'event_match', key: 'content.msgtype', pattern }, message('x', { msgtype }))).toBe(
      expected,
    )
  })

  test('matches no value that is no text', () => {
    for (const body of [1, null, ['a'], { a: 1 }, undefined])
      expect(holds({ kind: 'event_match', key: 'content.body', pattern: '*' }, message('', { body }))).toBe(
        false,
      )
  })

  test('of any shape takes little time on any text', () => {
    const body = 'a'.repeat(60_000)
    const before = process.cpuUsage()
    for (const unit of ['a', 'a?', '?a', 'aa*', 'a?*']) {
      const pattern = `${unit.repeat(127)}b`
      for (let i = 0; i < 20; i++) {
        expect(Glob.pattern(pattern).matchesWords(body, new Effort())).toBe(false)
        expect(Glob.pattern(pattern).matchesAll(body, new Effort())).toBe(false)
      }
    }
    const { user, system } = process.cpuUsage(before)
    // 200 attempts, each of them at most some milliseconds.
    expect((user + system) / 1000).toBeLessThan(200 * 40)
  })
})

describe('a condition', () => {
  const given = message('hello ada', {
    n: 1,
    'a.b': { 'c\\d': [1, 'x', null, true] },
    nothing: null,
    yes: true,
  })
  const cases: readonly [object, boolean][] = [
    [{ kind: 'event_property_is', key: 'content.n', value: 1 }, true],
    [{ kind: 'event_property_is', key: 'content.n', value: '1' }, false],
    [{ kind: 'event_property_is', key: 'content.yes', value: true }, true],
    [{ kind: 'event_property_is', key: 'content.nothing', value: null }, true],
    [{ kind: 'event_property_is', key: 'content.missing', value: null }, false],
    [{ kind: 'event_property_is', key: 'content.a\\.b', value: null }, false],
    [{ kind: 'event_property_contains', key: 'content.a\\.b.c\\\\d', value: 'x' }, true],
    [{ kind: 'event_property_contains', key: 'content.a\\.b.c\\d', value: 'x' }, true],
    [{ kind: 'event_property_contains', key: 'content.a\\.b.c\\d', value: null }, true],
    [{ kind: 'event_property_contains', key: 'content.a\\.b.c\\d', value: 2 }, false],
    [{ kind: 'event_property_contains', key: 'content.body', value: 'hello' }, false],
    [{ kind: 'event_property_is', key: 'content.constructor.name', value: 'Object' }, false],
    [{ kind: 'event_match', key: 'room_id', pattern: ROOM }, true],
    [{ kind: 'event_match', key: 'sender', pattern: '@ben:*' }, true],
    [{ kind: 'room_member_count', is: '3' }, true],
    [{ kind: 'room_member_count', is: '==3' }, true],
    [{ kind: 'room_member_count', is: '<3' }, false],
    [{ kind: 'room_member_count', is: '<=3' }, true],
    [{ kind: 'room_member_count', is: '>2' }, true],
    [{ kind: 'room_member_count', is: 'many' }, false],
    [{ kind: 'contains_display_name' }, true],
    [{ kind: 'org.example.unknown' }, false],
    [{}, false],
  ]
  test.each(cases)('%j holds: %p', (condition, expected) => {
    expect(holds(condition, given)).toBe(expected)
  })

  test('about the display name holds for nobody without one', () => {
    expect(holds({ kind: 'contains_display_name' }, given, { members: 3, displayName: null as never })).toBe(
      false,
    )
    expect(holds({ kind: 'contains_display_name' }, given, { members: 3, displayName: '' })).toBe(false)
  })

  test('asks for what is not loaded', () => {
    const rules = new CompiledRules(ME, { own: {}, changed: {} })
    const facts = factsOf(message('hello'), noLevels)
    expect(rules.outcomeOf(facts, { members: undefined, displayName: undefined })).toBe('members')
  })
})

test('a dotted path is read with its escapes', () => {
  expect(parsePath('content.m\\.mentions.user_ids')).toEqual(['content', 'm.mentions', 'user_ids'])
  expect(parsePath('a\\\\.b\\c\\')).toEqual(['a\\', 'b\\c\\'])
  expect(parsePath('')).toEqual([''])
})

/** Leaves out rules whose id another one has. */
function unique(rules: readonly PushRule[]): PushRule[] {
  return [...new Map(rules.map((rule) => [rule.rule_id, rule])).values()]
}

/** Numbers that look random and are the same for a seed. */
function randomOf(seed: number) {
  let state = seed >>> 0
  return (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

describe.skipIf(matrixClientsMissing)('matrix-js-sdk says the same of', () => {
  const ROUNDS = Number(process.env['PUSH_ROUNDS'] ?? 4000)
  const SEED = Number(process.env['PUSH_SEED'] ?? 20_261_130)
  const WORDS = [
    'cake',
    'Cake',
    'pie',
    'ada',
    'Ada',
    '_',
    'é',
    'x.y',
    '(a',
    'cupcake',
    '$',
    '!',
    ' ',
    ' ',
    ' ',
  ]
  // Its `?` stands for a dot, so patterns with it are above.
  const PATTERNS = ['cake', '*cake', 'c*e', 'CAKE*', '*', '*a*', 'x.y', '(a', 'ada', '', 'é', 'pie*cake', '!']
  const KEYS = [
    'content.body',
    'type',
    'sender',
    'room_id',
    'state_key',
    'content.msgtype',
    'content.a\\.b',
    'content.a.b',
    'content.m\\.mentions.room',
    'content.m\\.mentions.user_ids',
    'content',
    'nothing',
    'content.m\\.relates_to.rel_type',
    'content.c\\\\d',
  ]
  const VALUES = [true, false, null, 1, 'cake', ME, 'm.replace', 'x']
  const TYPES = [
    'm.room.message',
    'm.room.message',
    'm.room.message',
    'm.room.encrypted',
    'm.room.member',
    'm.room.tombstone',
    'm.reaction',
    'm.call.invite',
    'm.room.server_acl',
  ]

  test(`${ROUNDS} random events and rules`, async () => {
    const path = join(import.meta.dir, 'clients/node_modules/matrix-js-sdk/lib/pushprocessor.js')
    const { PushProcessor } = (await import(path)) as { PushProcessor: never }
    const random = randomOf(SEED)
    const one = <T>(list: readonly T[]): T => list[random(list.length)] as T
    const some = <T>(most: number, make: () => T): T[] => Array.from({ length: random(most + 1) }, make)
    const text = () => some(6, () => one(WORDS)).join('')
    const condition = (): object => {
      switch (random(7)) {
        case 0:
        case 1:
          return { kind: 'event_match', key: one(KEYS), pattern: one(PATTERNS) }
        case 2:
          return { kind: 'event_property_is', key: one(KEYS), value: one(VALUES) }
        case 3:
          return { kind: 'event_property_contains', key: one(KEYS), value: one(VALUES) }
        case 4:
          return { kind: 'room_member_count', is: `${one(['', '==', '<', '>', '<=', '>='])}${random(4)}` }
        case 5:
          return { kind: 'sender_notification_permission', key: one(['room', 'other']) }
        default:
          return one([{ kind: 'contains_display_name' }, { kind: 'org.example.unknown', key: 'type' }])
      }
    }
    let rules = 0
    const rule = (kind: RuleKind): PushRule => {
      const id =
        kind === 'room'
          ? one([ROOM, '!other:example.org'])
          : kind === 'sender'
            ? one(['@ben:example.org', ME])
            : `rule${rules++}`
      // Each rule has its own tweak, so that the actions name it.
      const actions = [
        ...some(1, () => 'notify'),
        { set_tweak: 'rule', value: `${kind}/${id}` },
        ...some(1, () => ({ set_tweak: 'highlight' })),
      ]
      return {
        ...{ rule_id: id, default: false, enabled: random(5) > 0, actions },
        ...(kind === 'override' || kind === 'underride' ? { conditions: some(3, condition) } : {}),
        ...(kind === 'content' ? { pattern: one(PATTERNS) } : {}),
      }
    }
    const verdicts = new Map<string, number>()
    for (let round = 0; round < ROUNDS; round++) {
      const own = Object.fromEntries(
        RULE_KINDS.map((kind) => [kind, unique(some(kind === 'override' ? 1 : 2, () => rule(kind)))]),
      )
      const master = random(20) === 0 ? { '.m.rule.master': { enabled: true } } : {}
      const stored: OwnRules = {
        own,
        changed: { ...master, ...(random(5) === 0 ? { '.m.rule.message': { actions: [] } } : {}) },
      }
      const sender = one(['@ben:example.org', '@cem:example.org', ME])
      const given: Given = {
        type: one(TYPES),
        sender,
        stateKey: one([undefined, undefined, '', ME]),
        content: {
          msgtype: one(['m.text', 'm.notice', 'cake']),
          ...(random(6) > 0 ? { body: text() } : {}),
          ...(random(3) === 0
            ? { 'm.mentions': { room: one(VALUES), user_ids: some(2, () => one([ME, '@x:y'])) } }
            : {}),
          ...(random(6) === 0 ? { 'm.relates_to': { rel_type: one(['m.replace', 'm.thread']) } } : {}),
          ...(random(4) === 0
            ? { 'a.b': one(VALUES), a: { b: one(VALUES) }, 'c\\d': one(VALUES), membership: 'invite' }
            : {}),
        },
      }
      const users = { [sender]: one([0, 50, 100]) }
      const notifications = one<Record<string, number>>([{}, { room: 0 }, { room: 100 }, { other: 20 }])
      const around = { members: 1 + random(4), displayName: one(['Ada', 'cake', '(a', 'no one']) }
      const found = new CompiledRules(ME, stored).outcomeOf(
        factsOf(given, levelsOf(users, notifications)),
        around,
      )
      if (typeof found === 'string') throw new Error('everything is loaded')
      const theirs = sdkOutcome(PushProcessor, { stored, given, users, notifications, around })
      const ours = { notify: found.notifies, rule: found.tweaks['rule'] ?? null, highlight: found.highlights }
      expect({ ...theirs }, `round ${round} of seed ${SEED}: ${JSON.stringify({ stored, given })}`).toEqual(
        ours,
      )
      const [name = ''] = String(ours.rule ?? 'default').split('/')
      verdicts.set(name, (verdicts.get(name) ?? 0) + 1)
    }
    // Rules of every kind have decided often.
    for (const kind of [...RULE_KINDS, 'default'])
      expect([kind, (verdicts.get(kind) ?? 0) > ROUNDS / 200]).toEqual([kind, true])
  })
})

interface Case {
  readonly stored: OwnRules
  readonly given: Given
  readonly users: Readonly<Record<string, number>>
  readonly notifications: Readonly<Record<string, number>>
  readonly around: { readonly members: number; readonly displayName: string }
}

/** What the class of matrix-js-sdk says, with a client, a room and an event that have no more than it asks for. */
function sdkOutcome(PushProcessor: never, { stored, given, users, notifications, around }: Case) {
  interface Said {
    readonly actions?: { readonly notify: boolean; readonly tweaks: Readonly<Record<string, unknown>> }
    readonly rule?: { readonly actions: readonly unknown[] }
  }
  const Processor = PushProcessor as new (client: object) => { actionsAndRuleForEvent(event: object): Said }
  const room = {
    currentState: {
      members: {},
      getJoinedMemberCount: () => around.members,
      getMember: () => ({ name: around.displayName }),
      mayTriggerNotifOfType: (key: string, sender: string) =>
        (users[sender] ?? 0) >= (notifications[key] ?? 50),
    },
  }
  const client = {
    credentials: { userId: ME },
    getSafeUserId: () => ME,
    supportsIntentionalMentions: () => true,
    getRoom: () => room,
    // It changes the actions that it is given.
    pushRules: { global: JSON.parse(JSON.stringify(ruleSetOf(ME, stored))) as unknown },
  }
  const { type, sender, stateKey, content } = given
  // It looks for senders in a member that servers do not send any more.
  const event = {
    type,
    sender,
    user_id: sender,
    room_id: ROOM,
    content,
    ...(stateKey === undefined ? {} : { state_key: stateKey }),
  }
  const { actions, rule } = new Processor(client).actionsAndRuleForEvent({
    event,
    getSender: () => sender,
    getContent: () => content,
    getPrevContent: () => ({}),
    getType: () => type,
    getRoomId: () => ROOM,
    isEncrypted: () => false,
    getClearContent: () => null,
  })
  // It highlights for every rule of the kind content, which the specification does not say.
  const highlights =
    rule?.actions.some((action) => (action as { set_tweak?: string }).set_tweak === 'highlight') ?? false
  return { notify: actions?.notify ?? false, rule: actions?.tweaks['rule'] ?? null, highlight: highlights }
}
