/**
 * The encrypted snapshot store: machines, whole states, entities with versions, variables and environments of users. It
 * stores ciphertext and never decrypts. Nothing of it goes into the event log.
 * Imports only the core. Its queries are in ports.ts; each other file has one kind of thing.
 * Start reading at actor.ts (who acts) and user-acts.ts (how a write runs).
 */

import type { Policy } from '../access/policy'
import type { Administration } from '../governance/administration'
import type { Settings } from '../governance/settings'
import type { Sessions } from '../identity/sessions'
import type { Tokens } from '../identity/tokens'
import type { Blobs } from '../kernel/blobs'
import type { Store } from '../kernel/ports'
import type { Clock } from '../kernel/time'
import type { Transactions } from '../kernel/transactions'
import type { UnusedBlobs } from '../kernel/unused-blobs'
import { AccountExports } from './account-export'
import { AccountImports } from './account-import'
import { SyncAdministration } from './administration'
import { SyncAudit } from './audit'
import { Entities } from './entities'
import { Environments } from './environments'
import { FailedTokens } from './failed-tokens'
import { Keypairs } from './keypairs'
import { Links } from './links'
import { SyncLogins, type TokenSigner } from './logins'
import { Machines } from './machines'
import { Quota } from './quota'
import { Retention } from './retention'
import { SealedBlobs } from './sealed-blobs'
import { Snapshots } from './snapshots'
import { Storage } from './storage'
import { StorageAdministration } from './storage-administration'
import { UserActs } from './user-acts'
import { SyncUsers } from './users'
import { Variables } from './variables'
import { Versions } from './versions'

export interface ConfigSyncDeps {
  readonly store: Store
  readonly blobs: Blobs
  readonly unusedBlobs: UnusedBlobs
  readonly settings: Settings
  readonly transactions: Transactions
  readonly administration: Administration
  readonly policy: Policy
  readonly tokens: Tokens
  readonly sessions: Sessions
  readonly signer: TokenSigner
  readonly clock: Clock
  readonly report: (fault: unknown) => void
}

/** Creates the store over its ports. */
export function createConfigSync(deps: ConfigSyncDeps) {
  const { store, blobs, unusedBlobs, settings, transactions, administration } = deps
  const { policy, tokens, clock, report } = deps
  const acts = new UserActs(transactions, policy)
  const quota = new Quota({ settings })
  const audit = new SyncAudit({ store, settings, clock, report })
  const retention = new Retention({ store, settings, clock, unusedBlobs })
  const machines = new Machines({ store, settings, acts, quota })
  const sealedBlobs = new SealedBlobs({ store, blobs, retention, acts, quota, report })
  const storage = new Storage({ store, blobs, unusedBlobs })
  return {
    users: new SyncUsers(store, administration, tokens, unusedBlobs),
    logins: new SyncLogins({ ...deps, acts }),
    keypairs: new Keypairs(store, acts),
    entities: new Entities({ store, acts, quota }),
    links: new Links({ store, acts }),
    variables: new Variables({ store, acts, quota }),
    machines,
    administration: new SyncAdministration({ store, administration, tokens, machines }),
    environments: new Environments(store, acts, report),
    sealedBlobs,
    snapshots: new Snapshots({ store, settings, audit, sealedBlobs, retention, machines }),
    versions: new Versions({ store, audit, sealedBlobs, retention }),
    retention,
    storage,
    storageAdministration: new StorageAdministration({
      store,
      administration,
      sealedBlobs,
      retention,
      storage,
      unusedBlobs,
      transactions,
    }),
    exports: new AccountExports({ store, administration, sealedBlobs }),
    imports: new AccountImports({ store, blobs, administration, transactions, clock, report }),
    audit,
    failedTokens: new FailedTokens(clock),
  }
}
