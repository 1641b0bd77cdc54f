// What doctor can see of a server without its home: from another machine, with what a client has.
// May import: what doctor may. visitor.ts comes to the server; a check is a constant in one of the other files.
// Start reading in visitor.ts, then channels.ts.
import type { ClientConfig } from '../../../config'
import { webhook } from '../absent'
import { type Check, type Report, reportsOf } from '../check'
import { channels } from './channels'
import { type ClientProbe, visitorOf } from './client-probe'
import { credential } from './credential'
import { eventStream, longPoll, webSocket } from './live'
import { roundTrip } from './round-trip'
import { client, clock, server } from './server'

/** In the order in which they are shown. */
const CHECKS: readonly Check<ClientProbe>[] = [
  client,
  server,
  clock,
  roundTrip,
  credential,
  channels,
  longPoll,
  eventStream,
  webSocket,
  webhook,
]

/** Goes to the server as this client does. */
export async function examineFromOutside(of: ClientConfig): Promise<Report[]> {
  return reportsOf(CHECKS, await visitorOf(of))
}
