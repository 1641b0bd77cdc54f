import { isObject, type JsonObject } from '../canonical'
import { type EventFacts, parsePath, type Surroundings } from './facts'
import { Effort, Glob } from './glob'
import { type OwnRules, type PushRule, type RuleKind, ruleSetOf } from './rules'

/** What an event does for a user. */
export interface Outcome {
  readonly actions: readonly unknown[]
  readonly notifies: boolean
  readonly highlights: boolean
  /** The tweaks of the actions, by name. */
  readonly tweaks: JsonObject
}

/** What a condition asks for and is not loaded. */
export type Missing = 'members' | 'levels' | 'displayName'

type Verdict = boolean | Missing

interface Asked {
  readonly event: EventFacts
  readonly around: Surroundings
  readonly effort: Effort
}

type Condition = (asked: Asked) => Verdict

interface CompiledRule {
  readonly conditions: readonly Condition[]
  readonly outcome: Outcome
}

/** The event does nothing. */
export const SILENT: Outcome = { actions: [], notifies: false, highlights: false, tweaks: {} }

/** The enabled rules of a user, ready to be applied to many events. */
export class CompiledRules {
  /** Those of whole kinds, in their order; rules of rooms and senders are found by their id. */
  private readonly override: readonly CompiledRule[]
  private readonly content: readonly CompiledRule[]
  private readonly room: ReadonlyMap<string, CompiledRule>
  private readonly sender: ReadonlyMap<string, CompiledRule>
  private readonly underride: readonly CompiledRule[]
  /**
   * Whether the only state events of rooms one is in that may notify are those that the default rules name: then others
   * need not be looked at.
   */
  readonly hasDefaultActions: boolean

  constructor(
    private readonly userId: string,
    rules: OwnRules,
  ) {
    const all = ruleSetOf(userId, rules)
    const enabled = (kind: RuleKind) => all[kind].filter((rule) => rule.enabled)
    const byId = (kind: RuleKind) => new Map(enabled(kind).map((rule) => [rule.rule_id, compiled(rule, [])]))
    this.override = enabled('override').map((rule) => compiled(rule, conditionsOf(rule)))
    this.content = enabled('content').flatMap((rule) =>
      // An empty pattern would match nearly every text.
      rule.pattern === undefined || rule.pattern === '' ? [] : [compiled(rule, [bodyMatches(rule.pattern)])],
    )
    this.room = byId('room')
    this.sender = byId('sender')
    this.underride = enabled('underride').map((rule) => compiled(rule, conditionsOf(rule)))
    this.hasDefaultActions =
      Object.values(rules.own).every((list) => list.length === 0) &&
      Object.values(rules.changed).every(({ actions }) => actions === undefined)
  }

  /** Returns what an event does for the user, by the most important rule that matches it. One's own does nothing. */
  outcomeOf(event: EventFacts, around: Surroundings): Outcome | Missing {
    if (event.sender === this.userId) return SILENT
    const asked: Asked = { event, around, effort: new Effort() }
    const rule =
      firstMatching(this.override, asked) ??
      firstMatching(this.content, asked) ??
      this.room.get(event.roomId) ??
      this.sender.get(event.sender) ??
      firstMatching(this.underride, asked)
    if (typeof rule === 'string') return rule
    return rule?.outcome ?? SILENT
  }
}

function firstMatching(rules: readonly CompiledRule[], asked: Asked): CompiledRule | Missing | undefined {
  for (const rule of rules) {
    const verdict = holds(rule, asked)
    if (typeof verdict === 'string') return verdict
    if (verdict) return rule
  }
  return undefined
}

function holds({ conditions }: CompiledRule, asked: Asked): Verdict {
  for (const condition of conditions) {
    const verdict = condition(asked)
    if (verdict !== true) return verdict
  }
  return true
}

function compiled({ actions }: PushRule, conditions: readonly Condition[]): CompiledRule {
  const tweaks: Record<string, unknown> = {}
  for (const action of actions)
    if (isObject(action) && typeof action['set_tweak'] === 'string')
      tweaks[action['set_tweak']] = action['value'] ?? true
  const notifies = actions.includes('notify')
  const highlights = tweaks['highlight'] === true
  return { conditions, outcome: { actions, notifies, highlights, tweaks } }
}

function conditionsOf({ conditions = [] }: PushRule): readonly Condition[] {
  return conditions.map((condition) => (isObject(condition) ? conditionOf(condition) : never))
}

const never: Condition = () => false

/** A condition that is unknown or incomplete never holds. */
function conditionOf(condition: JsonObject): Condition {
  const { kind, key, pattern, value, is } = condition
  if (kind === 'contains_display_name') return containsDisplayName
  if (kind === 'room_member_count') return typeof is === 'string' ? hasMembers(is) : never
  if (typeof key !== 'string') return never
  switch (kind) {
    case 'event_match':
      return typeof pattern === 'string' ? eventMatches(key, pattern) : never
    case 'event_property_is':
      return propertyIs(key, value)
    case 'event_property_contains':
      return propertyContains(key, value)
    case 'sender_notification_permission':
      return senderMayNotify(key)
    default:
      return never
  }
}

function eventMatches(key: string, pattern: string): Condition {
  if (key === 'content.body') return bodyMatches(pattern)
  const path = parsePath(key)
  const glob = Glob.pattern(pattern)
  return ({ event, effort }) => {
    const value = event.valueAt(path)
    return typeof value === 'string' && glob.matchesAll(value.toLowerCase(), effort)
  }
}

function bodyMatches(pattern: string): Condition {
  const glob = Glob.pattern(pattern)
  return ({ event, effort }) => event.body !== null && glob.matchesWords(event.body, effort)
}

function propertyIs(key: string, value: unknown): Condition {
  const path = parsePath(key)
  if (value === undefined) return never
  return ({ event }) => event.valueAt(path) === value
}

function propertyContains(key: string, value: unknown): Condition {
  const path = parsePath(key)
  if (value === undefined) return never
  return ({ event }) => {
    const values = event.valueAt(path)
    return Array.isArray(values) && values.includes(value)
  }
}

const containsDisplayName: Condition = ({ event, around, effort }) => {
  if (event.body === null) return false
  const { displayName } = around
  if (displayName === undefined) return 'displayName'
  return (
    displayName !== null && displayName !== '' && Glob.literal(displayName).matchesWords(event.body, effort)
  )
}

function hasMembers(is: string): Condition {
  const [, comparison = '', digits] = /^(==|<=|>=|<|>)?(\d{1,15})$/.exec(is) ?? []
  if (digits === undefined) return never
  const limit = Number(digits)
  return ({ around: { members } }) => {
    if (members === undefined) return 'members'
    switch (comparison) {
      case '<':
        return members < limit
      case '>':
        return members > limit
      case '<=':
        return members <= limit
      case '>=':
        return members >= limit
      default:
        return members === limit
    }
  }
}

function senderMayNotify(key: string): Condition {
  return ({ event }) => {
    const { levels } = event
    if (levels === undefined) return 'levels'
    return levels.of(event.sender) >= levels.neededToNotify(key)
  }
}
