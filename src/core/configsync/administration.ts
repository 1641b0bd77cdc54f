import type { Administration } from '../governance/administration'
import type { Actor } from '../identity/actor'
import { accountOf } from '../identity/actor'
import type { Tokens } from '../identity/tokens'
import type { Account, Token } from '../kernel/entities'
import { AppError, refusal } from '../kernel/errors'
import type { Uuid } from '../kernel/ids'
import type { Store, Writes } from '../kernel/ports'
import { checkAction } from './actions'
import type { Environment, Machine, MachineAction } from './machine-ports'
import { existingMachine, type Machines, type SyncUsage } from './machines'
import type { ConfigSyncUser, StoredAuditEntry, StoredKeypair } from './ports'
import { noteAdmin, type UserOfAccount, userIn } from './users'
import { requireName } from './values'

/** Actions that may wait for one machine. */
const MAX_ACTIONS = 100
/** Snapshots that are deleted in one transaction. */
const SNAPSHOTS_AT_ONCE = 100
/** More than the tokens that an account can have at once. Older ones beyond that are not shown. */
const SHOWN_TOKENS = 1000
/** Users that are listed at once. */
const PAGE = 200

/** A user with what it has, and may have. */
export interface UserUsage extends UserOfAccount {
  readonly usage: SyncUsage
}

export interface SyncAdministrationDeps {
  readonly store: Store
  readonly administration: Administration
  readonly tokens: Tokens
  readonly machines: Machines
}

/**
 * What admins see of a user, and change. Every verb throws account_not_found and configsync_user_not_found, and those
 * of `Administration`.
 */
export class SyncAdministration {
  constructor(private readonly deps: SyncAdministrationDeps) {}

  /** Every user, by id. */
  async users(actor: Actor): Promise<UserUsage[]> {
    const { store, administration } = this.deps
    administration.check(actor)
    const all: UserUsage[] = []
    for (let after = 0; ; ) {
      const page = await store.reads.configsync.users({ after, limit: PAGE })
      const accounts = await store.reads.accountsByIds(page.map(({ accountId }) => accountId))
      const byId = new Map(accounts.map((account) => [account.id, account]))
      for (const user of page) {
        const account = byId.get(user.accountId)
        if (account) all.push(await this.withUsage({ user, account }))
      }
      const last = page.at(-1)
      if (!last || page.length < PAGE) return all
      after = last.id
    }
  }

  async user(actor: Actor, handle: string): Promise<UserUsage> {
    return this.withUsage(await this.find(actor, handle))
  }

  /** Sets how much a user may have; null = as the setting says. */
  async setQuota(
    actor: Actor,
    handle: string,
    change: Partial<Pick<ConfigSyncUser, 'quotaBytes' | 'maxMachines'>>,
  ): Promise<UserUsage> {
    const changed = await this.act(actor, handle, 'quota', null, async (tx, { user, account }) => ({
      account,
      user: Object.keys(change).length === 0 ? user : await tx.configsync.updateUser(user.id, change),
    }))
    return this.withUsage(changed)
  }

  /** The tokens that have a scope of this store by name, revoked ones included, oldest first. */
  async tokens(actor: Actor, handle: string): Promise<{ account: Account; tokens: Token[] }> {
    const { account } = await this.find(actor, handle)
    const page = { after: '', limit: SHOWN_TOKENS }
    const tokens = await this.deps.store.reads.listTokens(account.id, page)
    return { account, tokens: tokens.filter(isForSync) }
  }

  /** Revokes one of them; it may be revoked already. @throws token_not_found */
  revokeToken(actor: Actor, handle: string, uuid: Uuid): Promise<{ account: Account; token: Token }> {
    return this.act(actor, handle, 'token.revoke', `token:${uuid}`, async (tx, { account }) => {
      const token = await tx.token({ uuid })
      if (token?.accountId !== account.id || !isForSync(token)) throw refusal('token_not_found')
      return { account, token: await this.deps.tokens.end(tx, actor, account, token) }
    })
  }

  async machines(actor: Actor, handle: string): Promise<Machine[]> {
    const { user } = await this.find(actor, handle)
    return this.deps.store.slow.configsync.machines(user.id)
  }

  /** @throws machine_not_found, unprocessable */
  renameMachine(actor: Actor, handle: string, machineId: string, name: string): Promise<Machine> {
    requireName(name)
    return this.act(actor, handle, 'machine.rename', `machine:${machineId}`, async (tx, { user }) => {
      const machine = await existingMachine(tx, user.id, machineId)
      return tx.configsync.renameMachine(machine.id, name)
    })
  }

  /**
   * Removes a machine with its links and actions. Its snapshots stay unless `withSnapshots`; the machine goes last, so that
   * an interrupted removal can be repeated. @throws machine_not_found
   */
  async removeMachine(
    actor: Actor,
    handle: string,
    machineId: string,
    withSnapshots: boolean,
  ): Promise<Machine> {
    if (withSnapshots) await this.removeSnapshots(actor, handle, machineId)
    return this.act(actor, handle, 'machine.remove', `machine:${machineId}`, async (tx, { user }) => {
      const machine = await existingMachine(tx, user.id, machineId)
      await tx.configsync.deleteMachine(machine)
      return machine
    })
  }

  private async removeSnapshots(actor: Actor, handle: string, machineId: string): Promise<void> {
    const page = { machineId, before: null, limit: SNAPSHOTS_AT_ONCE }
    const removeSome = () =>
      this.deps.administration.act(actor, async (tx) => {
        const { user } = await userIn(tx, handle)
        await existingMachine(tx, user.id, machineId)
        const found = await tx.configsync.snapshots(user.id, page)
        return tx.configsync.deleteSnapshots(
          user.id,
          found.map(({ id }) => id),
        )
      })
    while ((await removeSome()) === SNAPSHOTS_AT_ONCE);
  }

  /** What waits for a machine, or for all, oldest first. */
  async actions(actor: Actor, handle: string, machineId: string | null): Promise<MachineAction[]> {
    const { user } = await this.find(actor, handle)
    return this.deps.store.reads.configsync.actions(user.id, machineId)
  }

  /** Instructs a machine. @throws machine_not_found, invalid_action, too_many_actions */
  addAction(
    actor: Actor,
    handle: string,
    machineId: string,
    action: string,
    payload: Readonly<Record<string, unknown>>,
  ): Promise<MachineAction[]> {
    checkAction(action, payload)
    return this.act(actor, handle, 'action.add', `machine:${machineId}`, async (tx, { user }) => {
      await existingMachine(tx, user.id, machineId)
      const waiting = await tx.configsync.actions(user.id, machineId)
      if (waiting.length >= MAX_ACTIONS)
        throw new AppError(
          'conflict',
          'too_many_actions',
          `${MAX_ACTIONS} actions wait for this machine already; it fetches them when it syncs`,
        )
      const by = accountOf(actor)?.id ?? null
      await tx.configsync.insertAction(user.id, { machineId, action, payload }, by)
      return tx.configsync.actions(user.id, machineId)
    })
  }

  /** Returns how many actions were removed. */
  clearActions(actor: Actor, handle: string, machineId: string): Promise<number> {
    return this.act(actor, handle, 'action.clear', `machine:${machineId}`, (tx, { user }) =>
      tx.configsync.deleteActions(user.id, machineId, 'all'),
    )
  }

  async environments(actor: Actor, handle: string): Promise<Environment[]> {
    const { user } = await this.find(actor, handle)
    return this.deps.store.reads.configsync.environments(user.id)
  }

  /** @throws environment_not_found */
  removeEnvironment(actor: Actor, handle: string, name: string): Promise<Environment> {
    return this.act(actor, handle, 'env.remove', `environment:${name}`, async (tx, { user }) => {
      const found = (await tx.configsync.environments(user.id)).find((one) => one.name === name)
      if (!found) throw new AppError('not_found', 'environment_not_found', 'There is no such environment')
      await tx.configsync.deleteEnvironments(user.id, [name])
      return found
    })
  }

  /** @throws keypair_not_found */
  async keypair(actor: Actor, handle: string): Promise<StoredKeypair> {
    const { user } = await this.find(actor, handle)
    return requireKeypair(await this.deps.store.reads.configsync.keypair(user.id))
  }

  /**
   * Deletes the key pair. The next client makes a new one, which cannot decrypt what was stored before.
   * @throws keypair_not_found
   */
  resetKeypair(actor: Actor, handle: string): Promise<StoredKeypair> {
    return this.act(actor, handle, 'keypair.reset', 'keypair', async (tx, { user }) => {
      const keypair = requireKeypair(await tx.configsync.keypair(user.id))
      await tx.configsync.deleteKeypair(user.id)
      return keypair
    })
  }

  /** What the user did, and admins with it: entries before an id, newest first. */
  async audit(
    actor: Actor,
    handle: string,
    page: { readonly before: number; readonly limit: number },
  ): Promise<StoredAuditEntry[]> {
    const { user } = await this.find(actor, handle)
    return this.deps.store.slow.configsync.auditEntries(user.id, page)
  }

  private async find(actor: Actor, handle: string): Promise<UserOfAccount> {
    this.deps.administration.check(actor)
    return userIn(this.deps.store.reads, handle)
  }

  /** Runs an act on a user and notes it. */
  private act<Result>(
    actor: Actor,
    handle: string,
    what: string,
    ref: string | null,
    work: (tx: Writes, of: UserOfAccount) => Promise<Result>,
  ): Promise<Result> {
    return this.deps.administration.act(actor, async (tx) => {
      const found = await userIn(tx, handle)
      const result = await work(tx, found)
      await noteAdmin(tx, actor, found, what, ref)
      return result
    })
  }

  private async withUsage(of: UserOfAccount): Promise<UserUsage> {
    return { ...of, usage: await this.deps.machines.usageOf(of.user) }
  }
}

function isForSync({ scopes }: Token): boolean {
  return scopes.some((scope) => scope.startsWith('configsync:'))
}

/** @throws keypair_not_found */
function requireKeypair(keypair: StoredKeypair | undefined): StoredKeypair {
  if (keypair) return keypair
  throw new AppError('not_found', 'keypair_not_found', 'This user has no keypair')
}
