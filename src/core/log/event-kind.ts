/** What a row of the catalogue of events (catalogue.ts) says. */

/**
 * The kind of thing that an event's subject id refers to. For a membership it is the account; the channel is separate.
 */
export type About = 'message' | 'channel' | 'membership' | 'account' | 'setting' | 'claim' | 'pause'

/**
 * The cached rights that an event invalidates: none; a channel or a membership; an account; a token or a session; or
 * everything. Rights read before the event are not used after it.
 */
export type Rights = 'none' | 'room' | 'account' | 'credential' | 'server'

/** Who sees an event, by current rights. audience.ts has one function for each. */
export type AudienceKind =
  | 'readers'
  | 'readers_or_everyone'
  | 'readers_and_account'
  | 'members'
  | 'account'
  | 'only_account'
  | 'sender_and_recipient'
  | 'account_and_peers'
  | 'account_and_former_peers'
  | 'admins'
  | 'paused'
  | 'nobody'

/**
 * How an event reaches live streams: `room` publishes it once to each topic of its room; `judged` checks each stream.
 * Only events for a channel's readers that change no rights can use `room`.
 */
type Delivery =
  | {
      readonly about: 'message' | 'channel'
      readonly rights: 'none'
      readonly audience: 'readers'
      readonly lane: 'room'
    }
  | {
      readonly about: About
      readonly rights: Rights
      readonly audience: AudienceKind
      readonly lane: 'judged'
    }

export type ChangedPast = 'subject' | 'everything'

/** Everything the program knows about a type of event. */
export type EventKind = Delivery & {
  /** Its wire keys besides the common ones. Keys that are not facts are derived from the subject. */
  readonly payload: readonly string[]
  /** Facts that only the server uses. */
  readonly hidden?: readonly string[]
  /**
   * Set if earlier events read differently after this one: those of its subject, or all that show a name which it
   * changes.
   */
  readonly changesPast?: ChangedPast
  /** What happened, for the documentation. */
  readonly doc: string
}
