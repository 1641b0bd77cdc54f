import type { Directory } from '../access/directory'
import type { Settings } from '../governance/settings'
import type { Usage } from '../identity/usage'
import type { Secrets } from '../kernel/ids'
import { LeaseClock } from '../kernel/lease-clock'
import type { Clock } from '../kernel/time'
import type { Pace } from '../kernel/turns'
import type { Frames } from '../log/frames'
import type { Log } from '../log/log'
import { ClaimList } from './claim-list'
import { Claims } from './claims'
import { DormantAgents } from './dormant-agents'
import { Expiries } from './expiring'
import { HeldLeases } from './held-leases'
import { LivePauses } from './live-pauses'
import { Pauses } from './pauses'
import { PresenceFrames } from './presence-frames'
import { PresenceView, type WebhookHealth } from './presence-view'
import { Presences, type PresencesDeps } from './presences'
import { Reachability } from './reachability'
import { ReadsSeen } from './reads-seen'

type CoordinationDeps = Omit<
  PresencesDeps,
  'view' | 'presenceFrames' | 'readsSeen' | 'reachability' | 'clock' | 'expiries'
> & {
  readonly directory: Directory
  readonly settings: Settings
  readonly secrets: Secrets
  readonly usage: Usage
  readonly webhooks: WebhookHealth
  readonly frames: Frames
  readonly log: Log
  readonly pace: Pace
  readonly clock: Clock
}

/** Creates the leases of a server, with the one clock that they follow. */
export async function createCoordination(deps: CoordinationDeps) {
  const leaseClock = new LeaseClock(deps.clock)
  const expiries = new Expiries()
  const readsSeen = new ReadsSeen(deps.store, leaseClock)
  const livePauses = await LivePauses.open(deps.store, leaseClock)
  const shared = { ...deps, clock: leaseClock, expiries, readsSeen, livePauses }
  const claims = new Claims(shared)
  const presenceView = new PresenceView(shared)
  const presenceFrames = new PresenceFrames({ ...shared, view: presenceView, steady: deps.clock })
  const reachability = new Reachability({ ...shared, steady: deps.clock })
  const presences = new Presences({ ...shared, view: presenceView, presenceFrames, reachability })
  return {
    leaseClock,
    expiries,
    claims,
    claimList: new ClaimList(shared),
    livePauses,
    pauses: new Pauses(shared),
    readsSeen,
    reachability,
    presenceView,
    dormantAgents: new DormantAgents(deps),
    presenceFrames,
    presences,
    heldLeases: new HeldLeases(claims, presences),
  }
}
