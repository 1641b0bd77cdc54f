import type { Core } from '../..'
import { background } from '../../kernel/background'
import type { Account } from '../../kernel/entities'
import { slices } from '../../kernel/paged-reads'
import type { UserIds } from '../reading/readers'
import type { KnownPresence } from './presence-state'
import type { Presences } from './presences'

/** Accounts whose presence is read together. */
const SLICE = 200

export interface LeasePresenceDeps {
  readonly core: Pick<Core, 'frames' | 'presenceView' | 'directory' | 'reads' | 'leaseClock'>
  readonly users: UserIds
  readonly presences: Presences
  readonly isOn: () => boolean
  readonly report: (fault: unknown) => void
}

/**
 * Shows on Matrix what accounts say of themselves on /v1: an agent that works, waits or is blocked is online with its
 * note, an idle one unavailable. It is read when /v1 announces a change, and never for a request.
 */
export class LeasePresence {
  constructor(private readonly deps: LeasePresenceDeps) {
    deps.core.frames.onAnnounced((type, [accountId]) => {
      if (accountId !== undefined && type.startsWith('presence.') && deps.isOn())
        background(this.read([accountId]), deps.report)
    })
  }

  /** Reads those who have said something before this process began. */
  async begin(): Promise<void> {
    const { core, isOn } = this.deps
    if (!isOn()) return
    const present = await core.reads.presentAccounts(core.leaseClock.now())
    for (const some of slices(present, SLICE)) await this.read(some)
  }

  private async read(accountIds: readonly number[]): Promise<void> {
    const { core, users, presences } = this.deps
    const { directory } = core
    const accounts = await directory.retryUntilLoaded((): Account[] => {
      directory.requireAccounts(accountIds)
      return accountIds.map((id) => directory.account(id))
    })
    for (const { account, instances } of await core.presenceView.of(accounts))
      presences.lease(account.id, await users.idOf(account), leaseOf(instances))
  }
}

function leaseOf([first]: readonly { state: string; note: string | null }[]): KnownPresence['lease'] {
  return first && { state: first.state === 'idle' ? 'unavailable' : 'online', note: first.note }
}
