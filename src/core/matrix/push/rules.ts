/** The rules of a user: the default ones, and what it has changed and made. */
import type { JsonObject } from '../canonical'
import { defaultPushRules, MASTER_RULE } from './default-rules'

/** The kinds of rules, most important first. */
export const RULE_KINDS = ['override', 'content', 'room', 'sender', 'underride'] as const

export type RuleKind = (typeof RULE_KINDS)[number]

export interface PushRule extends JsonObject {
  readonly rule_id: string
  readonly default: boolean
  readonly enabled: boolean
  readonly actions: readonly unknown[]
  /** Of the kinds override and underride. */
  readonly conditions?: readonly unknown[]
  /** Of the kind content. */
  readonly pattern?: string
}

/** The rules of a user by kind, in each of them the most important one first. */
export type RuleSet = Readonly<Record<RuleKind, readonly PushRule[]>>

/** The type of account data as which clients see their rules. Stored is only what differs from the default rules. */
export const PUSH_RULES = 'm.push_rules'

/** What a user has changed of a default rule. */
type RuleChange = Partial<Pick<PushRule, 'enabled' | 'actions'>>

/** What the rules of a user have beside the default ones, as it is stored. */
export interface OwnRules {
  readonly own: Readonly<Partial<Record<RuleKind, readonly PushRule[]>>>
  readonly changed: Readonly<Record<string, RuleChange>>
}

/** Reads what is stored of a user's rules. Only this server writes it. */
export function parseOwnRules(json: string | undefined): OwnRules {
  return json === undefined ? { own: {}, changed: {} } : (JSON.parse(json) as OwnRules)
}

/** Returns all rules of a user. */
export function ruleSetOf(userId: string, { own, changed }: OwnRules): RuleSet {
  const defaults = defaultPushRules(userId)
  const ofKind = (kind: RuleKind): readonly PushRule[] => {
    const shown = defaults[kind].map((rule) => ({ ...rule, ...ownMember(changed, rule.rule_id) }))
    const master = shown.filter(({ rule_id }) => rule_id === MASTER_RULE)
    return [...master, ...(own[kind] ?? []), ...shown.filter(({ rule_id }) => rule_id !== MASTER_RULE)]
  }
  return {
    override: ofKind('override'),
    content: ofKind('content'),
    room: ofKind('room'),
    sender: ofKind('sender'),
    underride: ofKind('underride'),
  }
}

/** Rule ids come from users, so they may be named like members of every object. */
function ownMember(changed: OwnRules['changed'], ruleId: string): RuleChange | undefined {
  return Object.hasOwn(changed, ruleId) ? changed[ruleId] : undefined
}

/** Returns the content of `m.push_rules` for what is stored. */
export function shownPushRules(userId: string, json: string | undefined): JsonObject {
  return { global: ruleSetOf(userId, parseOwnRules(json)) }
}
