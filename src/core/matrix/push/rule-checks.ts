import { isObject } from '../canonical'
import { matrixRefusal } from '../errors'
import { utf8Length } from '../utf8'
import { RULE_KINDS, type RuleKind } from './rules'

/** The largest id of a rule, in bytes. */
const MAX_RULE_ID = 255
/** The largest pattern, in characters. */
const MAX_PATTERN = 255
const MAX_CONDITIONS = 50
const MAX_ACTIONS = 20

/** What somebody wants a rule to be. */
export interface GivenRule {
  readonly actions: readonly unknown[]
  readonly conditions?: readonly unknown[]
  readonly pattern?: string
}

/** @throws M_INVALID_PARAM for a kind that does not exist */
export function ruleKind(text: string): RuleKind {
  const kind = RULE_KINDS.find((one) => one === text)
  if (kind) return kind
  throw invalid(`The kind of a push rule is one of: ${RULE_KINDS.join(', ')}`)
}

/** Requires that a user may make a rule with this id. @throws M_INVALID_PARAM */
export function requireRuleId(ruleId: string): void {
  if (ruleId.startsWith('.'))
    throw invalid('The ids of the rules of the server begin with a dot: choose another id')
  if (/[/\\]/.test(ruleId)) throw invalid('The id of a rule has no slash and no backslash')
  if (ruleId === '' || utf8Length(ruleId) > MAX_RULE_ID)
    throw invalid(`The id of a rule has 1 to ${MAX_RULE_ID} bytes`)
}

/** Reads a rule from a request. @throws M_MISSING_PARAM, M_BAD_JSON, M_INVALID_PARAM */
export function givenRule(kind: RuleKind, body: Readonly<Record<string, unknown>>): GivenRule {
  const actions = givenActions(body['actions'])
  if (kind === 'override' || kind === 'underride')
    return { actions, conditions: givenConditions(body['conditions']) }
  if (kind !== 'content') return { actions }
  const { pattern } = body
  if (pattern === undefined) throw matrixRefusal('M_MISSING_PARAM', 'A rule of this kind needs a pattern')
  if (typeof pattern !== 'string') throw matrixRefusal('M_BAD_JSON', 'pattern is a text')
  requirePattern(pattern)
  return { actions, pattern }
}

/** Reads the actions of a rule from a request. @throws M_MISSING_PARAM, M_BAD_JSON, M_INVALID_PARAM */
export function givenActions(actions: unknown): readonly unknown[] {
  if (actions === undefined) throw matrixRefusal('M_MISSING_PARAM', 'A rule needs actions')
  if (!Array.isArray(actions)) throw matrixRefusal('M_BAD_JSON', 'actions is a list')
  if (actions.length > MAX_ACTIONS) throw invalid(`A rule has at most ${MAX_ACTIONS} actions`)
  for (const action of actions)
    if (!isAction(action))
      throw invalid('An action is "notify", or an object with the name of a tweak in set_tweak')
  return actions
}

/** `dont_notify` and `coalesce` do nothing: older clients send them. */
const PLAIN_ACTIONS: ReadonlySet<unknown> = new Set(['notify', 'dont_notify', 'coalesce'])

function isAction(action: unknown): boolean {
  if (isObject(action)) return typeof action['set_tweak'] === 'string'
  return PLAIN_ACTIONS.has(action)
}

function givenConditions(conditions: unknown): readonly unknown[] {
  if (conditions === undefined)
    throw matrixRefusal(
      'M_MISSING_PARAM',
      'A rule of this kind needs conditions; an empty list always matches',
    )
  if (!Array.isArray(conditions)) throw matrixRefusal('M_BAD_JSON', 'conditions is a list')
  if (conditions.length > MAX_CONDITIONS) throw invalid(`A rule has at most ${MAX_CONDITIONS} conditions`)
  for (const condition of conditions) requireCondition(condition)
  return conditions
}

/** A condition of an unknown kind is kept, and never holds. */
function requireCondition(condition: unknown): void {
  if (!isObject(condition) || typeof condition['kind'] !== 'string')
    throw invalid('A condition is an object with its kind')
  const { kind, key, pattern, value, is } = condition
  const needsKey =
    kind === 'event_match' ||
    kind === 'event_property_is' ||
    kind === 'event_property_contains' ||
    kind === 'sender_notification_permission'
  if (needsKey && typeof key !== 'string') throw invalid(`A condition ${kind} needs a key`)
  if (kind === 'event_match') {
    if (typeof pattern !== 'string') throw invalid('A condition event_match needs a pattern')
    requirePattern(pattern)
  }
  const comparesValue = kind === 'event_property_is' || kind === 'event_property_contains'
  if (comparesValue && !isScalar(value))
    throw invalid(`A condition ${kind} needs a value: a text, an integer, true, false or null`)
  if (kind === 'room_member_count' && !isMemberCount(is))
    throw invalid('A condition room_member_count needs a number in is, such as "2" or ">=10"')
}

function isScalar(value: unknown): boolean {
  return (
    value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isSafeInteger(value)
  )
}

const isMemberCount = (is: unknown) => typeof is === 'string' && /^(?:==|<=|>=|<|>)?\d{1,15}$/.test(is)

function requirePattern(pattern: string): void {
  if (pattern.length > MAX_PATTERN) throw invalid(`A pattern has at most ${MAX_PATTERN} characters`)
}

const invalid = (message: string) => matrixRefusal('M_INVALID_PARAM', message)
