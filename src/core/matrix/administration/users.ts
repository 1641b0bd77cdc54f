import type { Administration } from '../../governance/administration'
import { entryBy } from '../../governance/audit'
import { type Actor, accountOf } from '../../identity/actor'
import type { Account } from '../../kernel/entities'
import { AppError, refusal } from '../../kernel/errors'
import type { Reads, Writes } from '../../kernel/ports'
import { accountEvent } from '../../log/events'
import type { Devices, SeenDevice } from '../login/devices'
import type { Registration } from '../login/registration'
import type { MatrixParts } from '../parts'
import type { Pushers, ShownPusher } from '../push/pushers'
import { STANDING_WORDS } from '../standings'
import type { MatrixUser } from '../user-ports'
import type { Users } from '../users'
import { accountNamed } from './named-account'

/** A user as administrators see it. */
export interface AdministeredUser {
  readonly account: Account
  readonly user: MatrixUser
  readonly userId: string
}

/** What is known of one user. */
export interface UserFacts extends AdministeredUser {
  readonly devices: readonly SeenDevice[]
  readonly pushers: readonly ShownPusher[]
  readonly rooms: number
  readonly media: { readonly files: number; readonly bytes: number }
}

export interface NewMatrixUser {
  readonly username: string
  readonly password: string
  readonly displayName?: string | undefined
  readonly isAdmin: boolean
}

const ACTIONS = { locked: 'matrix.user.lock', suspended: 'matrix.user.suspend' } as const

/** The users of the homeserver. */
export class UserAdministration {
  constructor(
    private readonly parts: Pick<MatrixParts, 'core' | 'store'> & {
      readonly administration: Administration
      readonly users: Users
      readonly devices: Devices
      readonly registration: Registration
      readonly pushers: Pushers
    },
  ) {}

  /** In order of their accounts; `after` is the account of the last one of the previous page. */
  async list(
    actor: Actor,
    page: { readonly after: number; readonly limit: number },
  ): Promise<AdministeredUser[]> {
    this.parts.administration.check(actor)
    const { reads } = this.parts.store
    const users = await reads.matrix().listUsers(page)
    const accounts = await reads.accountsByIds(users.map(({ accountId }) => accountId))
    const byId = new Map(accounts.map((account) => [account.id, account]))
    return users.flatMap((user) => {
      const account = byId.get(user.accountId)
      return account ? [this.administered(account, user)] : []
    })
  }

  /** `name`: a whole id, a localpart or a handle. @throws account_not_found */
  async find(actor: Actor, name: string): Promise<UserFacts> {
    this.parts.administration.check(actor)
    const { store } = this.parts
    const account = await this.accountOf(name, store.reads)
    const user = await this.userOf(account)
    const found = this.administered(account, user)
    const matrix = store.reads.matrix()
    const devices = await this.parts.devices.ofAccount(account)
    const rooms = await matrix.countRoomsOf(found.userId)
    const pushers = await this.parts.pushers.list(account)
    return { ...found, devices, pushers, rooms, media: await matrix.mediaUsage(account.id) }
  }

  /** Ends a device of a user, with its session and keys. @throws account_not_found, device_not_found, device_of_token */
  endDevice(actor: Actor, name: string, deviceId: string): Promise<void> {
    const { administration, devices } = this.parts
    return administration.act(actor, async (tx) => {
      const account = await this.accountOf(name, tx)
      const device = await tx.matrix().device({ accountId: account.id, deviceId })
      if (!device) throw refusal('device_not_found')
      const token = await tx.token({ uuid: device.uuid })
      if (token && token.revokedAt === null)
        throw new AppError(
          'conflict',
          'device_of_token',
          'This device is the token of an agent: revoke the token instead',
        )
      await devices.end(tx, actor, account, [deviceId])
    })
  }

  /** The pushers of all users, by account and time. */
  pushers(actor: Actor): Promise<readonly (ShownPusher & { readonly localpart: string })[]> {
    this.parts.administration.check(actor)
    return this.parts.pushers.listAll()
  }

  idWith(localpart: string): string {
    return this.parts.users.idWith(localpart)
  }

  /**
   * Makes a person's account, whatever `matrix.registration` says.
   * @throws invalid_username, handle_exists, weak_password, quota_exceeded
   */
  async register(actor: Actor, user: NewMatrixUser): Promise<AdministeredUser> {
    this.parts.administration.check(actor)
    try {
      const account = await this.parts.registration.byAdministrator(actor, user, (work) =>
        this.parts.administration.act(actor, work),
      )
      return this.administered(account, await this.userOf(account))
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      if (error.reason === 'm_user_in_use') throw refusal('handle_exists')
      if (error.reason === 'm_invalid_username')
        throw new AppError('invalid', 'invalid_username', error.message)
      throw error
    }
  }

  /** Ends the sessions of all devices of a user. Those of browsers go on. Returns how many. @throws account_not_found */
  logout(actor: Actor, name: string): Promise<{ readonly userId: string; readonly ended: number }> {
    const { administration, core, users } = this.parts
    return administration.act(actor, async (tx) => {
      const account = await this.accountOf(name, tx)
      const { localpart } = await users.ensure(tx, account)
      let ended = 0
      for (const session of await tx.listSessions(account.id, core.clock.now())) {
        if (session.device === null) continue
        await core.sessions.remove(tx, actor, account, session)
        ended++
      }
      return { userId: users.idWith(localpart), ended }
    })
  }

  /**
   * Archives the account of a user for good: its sessions, devices, keys, profile and account data go, and its id is never
   * used again. `erases`: its events are served redacted to those who join later.
   * @throws account_not_found
   */
  async deactivate(actor: Actor, name: string, erases: boolean): Promise<AdministeredUser> {
    const { administration, core, users } = this.parts
    const found = await administration.act(actor, async (tx) => {
      const account = await this.accountOf(name, tx)
      const user = await users.ensure(tx, account)
      if (user.deactivatedAt !== null) return { account, user }
      const archived =
        account.archivedAt === null ? await core.accounts.archiveIn(tx, actor, account) : account
      const matrix = tx.matrix()
      await matrix.deactivateUser(account.id, { at: tx.now(), erased: erases })
      await matrix.forgetUser(account.id)
      await this.audit(tx, actor, account, 'matrix.user.deactivate', { erased: erases })
      return { account: archived, user: await users.ensure(tx, account) }
    })
    core.accounts.archived(found.account)
    return this.administered(found.account, found.user)
  }

  /**
   * Locks a user out or lets it in again; suspends it, so that it only reads, or lets it write again.
   * @throws account_not_found, account_archived
   */
  setStanding(
    actor: Actor,
    name: string,
    change: { readonly locked?: boolean; readonly suspended?: boolean },
  ): Promise<AdministeredUser> {
    const { administration, users } = this.parts
    return administration.act(actor, async (tx) => {
      const account = await this.accountOf(name, tx)
      if (account.archivedAt !== null) throw refusal('account_archived')
      const user = await users.ensure(tx, account)
      const next = { ...user, ...change }
      if (next.locked === user.locked && next.suspended === user.suspended)
        return this.administered(account, user)
      const matrix = tx.matrix()
      await matrix.updateUser(account.id, change)
      // Nobody is told of events on a device that can read nothing.
      if (next.locked !== user.locked) await matrix.nextMx(`p${account.id}`)
      const changed = STANDING_WORDS.filter((word) => next[word] !== user[word])
      await tx.append(accountEvent('account.updated', account, { changed }), accountOf(actor))
      for (const word of changed) await this.audit(tx, actor, account, ACTIONS[word], { [word]: next[word] })
      return this.administered(account, next)
    })
  }

  private async audit(
    tx: Writes,
    actor: Actor,
    { uuid }: Account,
    action: `matrix.user.${'lock' | 'suspend' | 'deactivate'}`,
    facts: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    await tx.audit(entryBy(actor, action, { type: 'account', id: uuid }, facts))
  }

  private accountOf(name: string, reads: Reads): Promise<Account> {
    return accountNamed(this.parts.users, reads, name)
  }

  private async userOf(account: Account): Promise<MatrixUser> {
    const { store, users } = this.parts
    const known = await store.reads.matrix().user({ accountId: account.id })
    return known ?? store.transact((tx) => users.ensure(tx, account))
  }

  private administered(account: Account, user: MatrixUser): AdministeredUser {
    return { account, user, userId: this.parts.users.idWith(user.localpart) }
  }
}
