import type { StreamEvent } from './events'
import type { Http, Query } from './http'

/** What a stream carries. */
export interface Selection {
  readonly channels: readonly string[]
  readonly types: readonly string[] | undefined
  readonly inbox: boolean
  readonly excludeSelf: boolean
  /** Also what is not in the log. */
  readonly ephemeral: boolean
}

/** What a transport is given: where to begin, and where to put what arrives. */
export interface Link {
  readonly http: Http
  readonly selection: Selection
  /** Where to begin. */
  readonly since: string | undefined
  /** Aborts when the connection is to end. */
  readonly signal: AbortSignal
  /** Something arrived. */
  alive(): void
  /** The stream has begun, at this position. */
  opened(cursor: string): void
  /** An event; `cursor` is a position at which nothing up to it is missed, if there is one. */
  event(event: StreamEvent, cursor: string | undefined): void
  /** Everything up to here was sent. */
  position(cursor: string): void
}

/** Carries events until the connection ends. @throws SynapseError */
export type Transport = (link: Link) => Promise<void>

/** The filters of `GET /v1/events`. */
export function filtersOf({ channels, types, inbox, excludeSelf, ephemeral }: Selection): Query {
  // What notifies, and what is not in the log, comes only where it is named; `*` names everything.
  const named = types ?? (inbox || ephemeral ? ['*'] : undefined)
  const wanted = inbox && named ? [...named, 'inbox.item'] : named
  return {
    channel: channels.join(','),
    type: wanted?.join(','),
    exclude_self: excludeSelf || undefined,
  }
}
