import type { RoomState } from './room-state'
import type { VerifySignature } from './signing'
import type { RoomVersion } from './versions'

/** The rules that may refuse an event, as a label. */
export type AuthRule =
  | 'aliases'
  | 'ban'
  | 'create'
  | 'federate'
  | 'invite'
  | 'join'
  | 'kick'
  | 'knock'
  | 'leave'
  | 'level'
  | 'membership'
  | 'not_joined'
  | 'power_levels'
  | 'room'
  | 'state_key'
  | 'third_party_invite'

/** Whether a room allows an event; if not, by which rule, and why in a sentence for the sender. */
export type Verdict =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly rule: AuthRule; readonly because: string }

/** What an event is judged by. */
export interface AuthContext {
  readonly version: RoomVersion
  readonly state: RoomState
  /** Whether the event carries, or will carry, a valid signature of a server. */
  isSignedBy(server: string): boolean
  readonly verify: VerifySignature
}

export const allowed: Verdict = { allowed: true }

export function refused(rule: AuthRule, because: string): Verdict {
  return { allowed: false, rule, because }
}
