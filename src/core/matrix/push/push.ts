/**
 * What users are told of: push rules, and what follows from them (spec.matrix.org, client-server API, "Push Notifications").
 * Imports only the core.
 * Start reading here. rules.ts has the rules of a user and push-rules.ts how users change them; evaluate.ts says what a rule
 * makes of an event, and counts.ts what is unread.
 */
import type { MatrixParts } from '../parts'
import type { RecentEvents } from '../reading/recent'
import type { Users } from '../users'
import { Counts } from './counts'
import { PushRules } from './push-rules'
import { ReaderRules } from './reader-rules'
import { RoomTails } from './tails'

/** Creates what tells users of events. */
export function createPush(
  parts: Pick<MatrixParts, 'core' | 'store'> & { readonly recent: RecentEvents },
  users: Users,
) {
  const { core, store, recent } = parts
  const tails = new RoomTails(core, recent)
  const rules = new ReaderRules(core, tails)
  return {
    pushRules: new PushRules(parts, users),
    unread: new Counts({ core, store, tails, rules }),
  }
}
