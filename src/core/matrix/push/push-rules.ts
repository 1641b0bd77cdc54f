import type { Person } from '../../identity/actor'
import { isObject, type JsonObject } from '../canonical'
import { matrixRefusal } from '../errors'
import type { MatrixParts } from '../parts'
import type { MatrixWrites } from '../ports'
import type { Users } from '../users'
import { type GivenRule, givenActions, givenRule, requireRuleId, ruleKind } from './rule-checks'
import {
  type OwnRules,
  PUSH_RULES,
  type PushRule,
  parseOwnRules,
  RULE_KINDS,
  type RuleKind,
  type RuleSet,
  ruleSetOf,
  shownPushRules,
} from './rules'

/** Rules that a user has made, of all kinds. */
const MAX_RULES = 1000
/** Everything that is stored of a user's rules, in characters. */
const MAX_STORED = 262_144

/** Where a new rule goes among those of its user: next to one of them. */
export interface RulePlace {
  readonly before: string | undefined
  readonly after: string | undefined
}

/** What users do with their push rules. A change appears as account data for all devices. */
export class PushRules {
  constructor(
    private readonly parts: Pick<MatrixParts, 'core' | 'store'>,
    private readonly users: Pick<Users, 'idOf'>,
  ) {}

  /** Returns all rules of a user. */
  async list({ account }: Person): Promise<RuleSet> {
    const json = await this.parts.store.reads.matrix().accountDatum(account.id, 0, PUSH_RULES)
    return ruleSetOf(await this.users.idOf(account), parseOwnRules(json))
  }

  /** Returns a rule. @throws M_NOT_FOUND, M_INVALID_PARAM for a kind that does not exist */
  async find(actor: Person, kind: string, ruleId: string): Promise<PushRule> {
    const known = ruleKind(kind)
    const rules = await this.list(actor)
    return rules[known].find(({ rule_id }) => rule_id === ruleId) ?? unknownRule()
  }

  /**
   * Makes a rule, or replaces one that the user has made. A new rule becomes the most important one of its kind, unless
   * its place is given.
   * @throws M_INVALID_PARAM, M_MISSING_PARAM, M_BAD_JSON; M_NOT_FOUND if there is no rule at the place
   */
  put(
    actor: Person,
    kind: string,
    ruleId: string,
    body: Readonly<Record<string, unknown>>,
    place: RulePlace,
  ): Promise<void> {
    const known = ruleKind(kind)
    requireRuleId(ruleId)
    const given = givenRule(known, body)
    return this.change(actor, (stored) => withRule(stored, known, ruleId, given, place))
  }

  /** Removes a rule that the user has made. @throws M_NOT_FOUND, M_INVALID_PARAM */
  remove(actor: Person, kind: string, ruleId: string): Promise<void> {
    const known = ruleKind(kind)
    if (ruleId.startsWith('.'))
      throw matrixRefusal('M_INVALID_PARAM', 'A rule of the server cannot be removed: disable it')
    return this.change(actor, (stored) => {
      const rules = ownRules(stored, known)
      const others = rules.filter(({ rule_id }) => rule_id !== ruleId)
      if (others.length === rules.length) return unknownRule()
      return { ...stored, own: { ...stored.own, [known]: others } }
    })
  }

  /** Enables or disables a rule. @throws M_NOT_FOUND, M_INVALID_PARAM */
  setEnabled(actor: Person, kind: string, ruleId: string, enabled: boolean): Promise<void> {
    return this.adjust(actor, kind, ruleId, { enabled })
  }

  /** Sets what a rule does. @throws M_NOT_FOUND, M_INVALID_PARAM, M_MISSING_PARAM, M_BAD_JSON */
  setActions(actor: Person, kind: string, ruleId: string, actions: unknown): Promise<void> {
    return this.adjust(actor, kind, ruleId, { actions: givenActions(actions) })
  }

  /** Returns the content of `m.push_rules` for what is stored under this type; undefined: nothing is. */
  shown(userId: string, json: string | undefined): JsonObject {
    return shownPushRules(userId, json)
  }

  /**
   * Gives the rules of an account for one room to another room too, such as the one that replaces it: the rule of the
   * room, and those that name it in a condition. Call it in the transaction of the act.
   * @throws M_INVALID_PARAM if the account has too many rules
   */
  async copyRoomRules(matrix: MatrixWrites, accountId: number, rooms: RoomPair): Promise<void> {
    const stored = parseOwnRules(await matrix.accountDatum(accountId, 0, PUSH_RULES))
    const copied = RULE_KINDS.map((kind) => [kind, withCopies(ownRules(stored, kind), kind, rooms)] as const)
    if (copied.every(([kind, rules]) => rules.length === ownRules(stored, kind).length)) return
    await this.store(matrix, accountId, { ...stored, own: Object.fromEntries(copied) })
  }

  private adjust(
    actor: Person,
    kind: string,
    ruleId: string,
    change: Partial<Pick<PushRule, 'enabled' | 'actions'>>,
  ): Promise<void> {
    const known = ruleKind(kind)
    return this.change(actor, (stored, userId) => {
      const rule = ruleSetOf(userId, stored)[known].find(({ rule_id }) => rule_id === ruleId)
      if (!rule) return unknownRule()
      if (rule.default) {
        const before = Object.hasOwn(stored.changed, ruleId) ? stored.changed[ruleId] : {}
        return { ...stored, changed: { ...stored.changed, [ruleId]: { ...before, ...change } } }
      }
      const rules = ownRules(stored, known).map((one) =>
        one.rule_id === ruleId ? { ...one, ...change } : one,
      )
      return { ...stored, own: { ...stored.own, [known]: rules } }
    })
  }

  private async change(actor: Person, after: (stored: OwnRules, userId: string) => OwnRules): Promise<void> {
    const { core } = this.parts
    const userId = await this.users.idOf(actor.account)
    await core.transactions.run(actor, async (tx) => {
      const { id: accountId } = core.policy.current(actor).account
      const matrix = tx.matrix()
      const stored = parseOwnRules(await matrix.accountDatum(accountId, 0, PUSH_RULES))
      await this.store(matrix, accountId, after(stored, userId))
    })
  }

  private async store(matrix: MatrixWrites, accountId: number, rules: OwnRules): Promise<void> {
    const json = JSON.stringify(rules)
    if (json.length > MAX_STORED)
      throw matrixRefusal('M_INVALID_PARAM', 'Your push rules take too much room: remove some of them')
    const mx = await matrix.nextMx(`a${accountId}`)
    await matrix.setAccountDatum({ accountId, channelId: 0, type: PUSH_RULES, json, mx })
  }
}

/** A room, and the one that gets its rules. */
interface RoomPair {
  readonly from: string
  readonly to: string
}

/** Returns rules in which those for one room are followed by the same for another one. */
function withCopies(rules: readonly PushRule[], kind: RuleKind, { from, to }: RoomPair): readonly PushRule[] {
  const known = new Set(rules.map(({ rule_id }) => rule_id))
  return rules.flatMap((rule) => {
    const isOwn = rule.rule_id === from
    const conditions = rule.conditions?.map((condition) =>
      isOfRoom(condition, from) ? { ...condition, pattern: to } : condition,
    )
    const isNamed = conditions?.some((condition, i) => condition !== rule.conditions?.[i]) ?? false
    if (!isNamed && !(isOwn && kind === 'room')) return [rule]
    const ruleId = isOwn ? to : `${rule.rule_id}_${to}`
    return known.has(ruleId)
      ? [rule]
      : [rule, { ...rule, rule_id: ruleId, ...(conditions && { conditions }) }]
  })
}

function isOfRoom(condition: unknown, roomId: string): condition is JsonObject {
  return (
    isObject(condition) &&
    condition['kind'] === 'event_match' &&
    condition['key'] === 'room_id' &&
    condition['pattern'] === roomId
  )
}

function ownRules({ own }: OwnRules, kind: RuleKind): readonly PushRule[] {
  return own[kind] ?? []
}

/** Returns rules with one that is new or replaced. A rule that is replaced keeps its place, unless another is given. */
function withRule(
  stored: OwnRules,
  kind: RuleKind,
  ruleId: string,
  given: GivenRule,
  { before, after }: RulePlace,
): OwnRules {
  const rules = ownRules(stored, kind)
  const index = rules.findIndex(({ rule_id }) => rule_id === ruleId)
  const rule = { rule_id: ruleId, default: false, enabled: rules[index]?.enabled ?? true, ...given }
  const others = rules.filter(({ rule_id }) => rule_id !== ruleId)
  const total = Object.values(stored.own).reduce((sum, list) => sum + list.length, 0)
  if (index < 0 && total >= MAX_RULES)
    throw matrixRefusal('M_INVALID_PARAM', `A user has at most ${MAX_RULES} push rules`)
  const at = placeIn(others, before, after) ?? Math.max(index, 0)
  return { ...stored, own: { ...stored.own, [kind]: others.toSpliced(at, 0, rule) } }
}

/** The more important of both wins. @throws M_NOT_FOUND */
function placeIn(
  rules: readonly PushRule[],
  before: string | undefined,
  after: string | undefined,
): number | undefined {
  const indexOf = (ruleId: string) => {
    const index = rules.findIndex(({ rule_id }) => rule_id === ruleId)
    if (index >= 0) return index
    throw matrixRefusal('M_NOT_FOUND', `You have made no other push rule ${ruleId} of this kind`)
  }
  const following = after === undefined ? undefined : indexOf(after) + 1
  return before === undefined ? following : indexOf(before)
}

function unknownRule(): never {
  throw matrixRefusal('M_NOT_FOUND', 'You have no push rule with this id')
}
