/**
 * What users are told of: push rules, and what follows from them (spec.matrix.org, client-server API, "Push Notifications").
 * Imports only the core.
 * Start reading here. rules.ts has the rules of a user and push-rules.ts how users change them; evaluate.ts says what a rule
 * makes of an event, counts.ts what is unread, notifications.ts what has notified somebody, and pushers.ts which push
 * gateways are told.
 */
import type { MatrixParts } from '../parts'
import type { Positions } from '../reading/positions'
import type { Readers } from '../reading/readers'
import type { RecentEvents } from '../reading/recent'
import type { Rendering } from '../reading/rendering'
import type { Users } from '../users'
import { Counts } from './counts'
import { createDelivery } from './create-delivery'
import { Notifications } from './notifications'
import { PushRules } from './push-rules'
import { Pushers } from './pushers'
import { ReadPositions } from './read-positions'
import { ReaderRules } from './reader-rules'
import { RoomTails } from './tails'

type Parts = Pick<
  MatrixParts,
  'core' | 'policy' | 'store' | 'outbound' | 'timer' | 'announce' | 'report' | 'meters'
> & {
  readonly recent: RecentEvents
}

/** What reads rooms, which counts are a part of. */
interface Reading {
  readonly readers: Readers
  readonly positions: Positions
  readonly rendering: Rendering
}

/** Creates what tells users of events. */
export function createPush(parts: Parts, users: Users) {
  const { core, store, recent } = parts
  const tails = new RoomTails(core, recent)
  const rules = new ReaderRules(core, tails)
  const read = new ReadPositions(core)
  const counts = new Counts({ core, store, tails, rules, read })
  return {
    pushRules: new PushRules(parts, users),
    unread: counts,
    /** Creates the rest, which reads rooms. */
    tell: (reading: Reading) => ({
      notifications: new Notifications({ ...reading, core, counts, tails, rules, read }),
      pushers: new Pushers({ ...parts, ...reading }),
      pushDelivery: createDelivery(parts, reading.positions, users, { counts, tails, rules, read }),
    }),
  }
}
