// The checks of doctor on a server without its home: from another machine, with the configuration of a client.
// May import: what doctor may. client-probe.ts connects to the server; each check is a constant in another file.
// Start reading in client-probe.ts, then channels.ts.
import type { ClientConfig } from '../../../config'
import { type Check, type Report, reportsOf } from '../check'
import { channels } from './channels'
import { type ClientProbe, clientProbeOf } from './client-probe'
import { credential } from './credential'
import { eventStream, longPoll, webSocket } from './live'
import { roundTrip } from './round-trip'
import { client, clock, server } from './server'
import { webhook } from './webhook'

/** The checks, in the order of the report. */
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

/** Checks the server as this client sees it. */
export async function examineFromOutside(of: ClientConfig): Promise<Report[]> {
  return reportsOf(CHECKS, await clientProbeOf(of))
}
