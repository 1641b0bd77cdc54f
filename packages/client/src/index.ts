// The client of Synapse. It runs in Node 18 and later, Bun, Deno and browsers, and depends on nothing: it imports neither
// Node's modules nor the page's. Start reading at synapse.ts, what a program calls; then http.ts, one request; then
// stream.ts and connection.ts, events over connections that are lost.
export type { ClaimOptions, HeldClaim, ReleaseOptions } from './claim'
export type { StreamStatus, TransportName } from './connection'
export { type Issue, SynapseError } from './errors'
export type { GapEvent, LogEvent, PassingEvent, StreamEvent } from './events'
export type { Fetch } from './http'
export type { AckOptions, Batch, Inbox, InboxOptions } from './inbox'
export type { Stream, StreamOptions } from './stream'
export {
  type AskOptions,
  type AwaitOptions,
  type ConnectOptions,
  connect,
  type HistoryOptions,
  type PostOptions,
  type Synapse,
} from './synapse'
export type {
  AccountRef,
  AnswerTo,
  Approval,
  Attachment,
  Claim,
  Decision,
  InboxItem,
  Message,
  Pause,
  PostedMessage,
  Presence,
  Raw,
  RequestOptions,
  Route,
} from './types'
export type { Working, WorkingOptions } from './working'
