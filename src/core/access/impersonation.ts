import { type AuditEntry, entryBy } from '../governance/audit'
import type { Impersonation, Settings } from '../governance/settings'
import { type Actor, isAdmin, isListedAdmin, type Principal } from '../identity/actor'
import { background } from '../kernel/background'
import type { Account } from '../kernel/entities'
import { refusal } from '../kernel/errors'
import { HANDLE_PATTERN } from '../kernel/limits'
import { slices } from '../kernel/paged-reads'
import type { Store } from '../kernel/ports'
import type { Directory } from './directory'

interface Deps {
  readonly directory: Pick<Directory, 'accountByHandle'>
  readonly settings: Settings
}

/** Prefix of the accounts that other servers sign in with. Their posts carry their own author. */
const SERVICE_PREFIX = 'fed:'

/**
 * Returns the actor when a principal names an account to act as (rows 6 to 13 of
 * docs/contract/authentication.md#acting-as-another-account; http/actor-header.ts has the rows about the header
 * itself). A denial takes precedence over a permission. Synchronous over the directory.
 * @throws actor_claim_denied; impersonation_denied if the allowlist decides; account_not_found, for system admins only:
 *   anyone else gets the refusal for an account that they may not act as
 */
export function actingAs({ directory, settings }: Deps, principal: Principal, handle: string): Actor {
  const own = principal.via === 'operator' ? null : principal.account
  if (own?.handle.startsWith(SERVICE_PREFIX)) throw refusal('actor_claim_denied')
  if (own?.handle === handle) return principal
  const administrates = isAdmin(principal, settings)
  const claimed = directory.accountByHandle(handle)
  if (!claimed) throw refusal(administrates ? 'account_not_found' : 'actor_claim_denied')
  if (claimed.archivedAt !== null || !isLocal(claimed)) throw refusal('actor_claim_denied')
  const acting = { via: 'acting', account: claimed, principal } as const
  const isNamed = (names: readonly string[]) =>
    names.includes(handle) || (names.includes('*') && !isListedAdmin(claimed, settings))
  if (principal.via === 'token' && isNamed(principal.token.actors ?? [])) return acting
  if (!administrates) throw refusal('actor_claim_denied')
  if (principal.via === 'operator' || !settings.get('strict_impersonation_enforcement')) return acting
  const grants = settings.get('impersonation_allowlist').filter((grant) => isFor(grant, principal))
  if (!grants.some((grant) => isNamed(grant.as))) throw refusal('impersonation_denied')
  return acting
}

function isFor(grant: Impersonation, principal: Exclude<Principal, { via: 'operator' }>): boolean {
  if (grant.account !== undefined) return grant.account === principal.account.handle
  return principal.via === 'token' && grant.token === principal.token.uuid
}

/** Accounts of other servers are named `name@server`, and the accounts they sign in with `fed:name`. */
function isLocal(account: Account): boolean {
  return HANDLE_PATTERN.test(account.handle)
}

/** The most notes kept in memory before they are written. */
const MOST_WAITING = 200
/** Entries that are written in one transaction. */
const SLICE = 50

/** Writes an audit entry for each write made as another account, in batches. */
export class ImpersonationNotes {
  private waiting: AuditEntry[] = []

  constructor(
    private readonly store: Store,
    private readonly report: (fault: unknown) => void,
  ) {}

  /** Records a write and its endpoint if the actor acts as another account. */
  noteBy(actor: Actor): void {
    if (actor.via !== 'acting' || !actor.principal.origin) return
    const { uuid } = actor.account
    const { what } = actor.principal.origin
    this.waiting.push(entryBy(actor, 'impersonate', { type: 'account', id: uuid }, { what }))
    if (this.waiting.length >= MOST_WAITING) background(this.flush(), this.report)
  }

  /** Writes the recorded entries to the audit log. Call it once a minute and before the process ends. */
  async flush(): Promise<void> {
    const entries = this.waiting
    this.waiting = []
    let written = 0
    try {
      // Posts wait for each transaction, so that it must be short.
      for (const some of slices(entries, SLICE)) {
        await this.store.transact((tx) => tx.audit(...some))
        written += some.length
      }
    } finally {
      this.waiting = [...entries.slice(written), ...this.waiting].slice(0, MOST_WAITING * 10)
    }
  }
}
