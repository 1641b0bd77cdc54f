import type { MatrixParts } from '../parts'
import type { LivePusher } from '../pusher-ports'
import type { Positions } from '../reading/positions'
import type { Users } from '../users'
import type { Counts } from './counts'
import { PushDelivery } from './delivery'
import { PushBodies } from './push-body'
import { PushScan } from './push-scan'
import type { ReadPositions } from './read-positions'
import type { ReaderRules } from './reader-rules'
import type { RoomTails } from './tails'
import { WatchedAccounts } from './watched-accounts'

type Parts = Pick<
  MatrixParts,
  'core' | 'policy' | 'store' | 'outbound' | 'timer' | 'announce' | 'report' | 'meters'
>

interface Counting {
  readonly counts: Counts
  readonly tails: RoomTails
  readonly rules: ReaderRules
  readonly read: ReadPositions
}

/** Creates what calls push gateways. */
export function createDelivery(
  parts: Parts,
  positions: Positions,
  users: Pick<Users, 'idWith'>,
  counting: Counting,
): PushDelivery {
  const { core, policy, store } = parts
  const watched = new WatchedAccounts({ core, ...counting })
  /** Whether the scopes of an agent's token let it read a room. */
  const mayRead = async ({ token: uuid, accountId }: LivePusher, channelId: number) => {
    const token = uuid === null ? undefined : await store.reads.token({ uuid })
    const account = await store.reads.account({ id: accountId })
    if (!token || !account) return false
    const actor = { via: 'token', account, token } as const
    const { directory } = core
    return directory.retryUntilLoaded(() => policy.hasScope(actor, directory.channel(channelId), 'read'))
  }
  const delivery = new PushDelivery({
    ...parts,
    positions,
    watched,
    mayRead,
    scan: new PushScan({ core, positions, watched, ...counting }),
    bodies: new PushBodies(core),
    idWith: (localpart) => users.idWith(localpart),
  })
  core.expiries.addShiftable(delivery)
  return delivery
}
