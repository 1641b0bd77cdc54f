import { WAKE_REASONS, type WakeReason } from '../kernel/entities'

/** A set of reasons: the bit of a reason is its place in WAKE_REASONS. */
export type Reasons = number

/** Returns the set of these reasons. */
export function reasonSet(...reasons: readonly WakeReason[]): Reasons {
  return reasons.reduce((set, reason) => set | (1 << WAKE_REASONS.indexOf(reason)), 0)
}

/** Returns the reasons of a set, the first of which is the one that is shown. */
export function reasonsIn(set: Reasons): WakeReason[] {
  return WAKE_REASONS.filter((_, place) => (set & (1 << place)) !== 0)
}

/** The reasons by which a message asks an account itself for something. */
export const ASKING_REASONS = reasonSet('dm', 'mention', 'reply')

/** The reasons that concern an account itself, not a group that it is in. */
export const DIRECT_REASONS = reasonSet('dm', 'mention', 'reply', 'approval', 'overdue')
