import type { Settings } from '../governance/settings'
import { AppError } from '../kernel/errors'
import type { Store, Writes } from '../kernel/ports'
import { type ConfigSyncActor, requireEnabled } from './actor'
import { syncEntry } from './audit'
import type { Machine, MachineAction, NewMachine } from './machine-ports'
import type { ConfigSyncUser } from './ports'
import type { Quota } from './quota'
import { unprocessable } from './sealed'
import type { UserActs } from './user-acts'

/** Words that stand in paths where a machine could. */
const RESERVED: ReadonlySet<string> = new Set(['register', 'latest', 'history', 'snapshot'])

/** What a user has, and may have. */
export interface SyncUsage {
  readonly machines: number
  /** 0 = without a limit. */
  readonly machineLimit: number
  readonly storageBytes: number
  readonly storageLimit: number
}

export interface MachinesDeps {
  readonly store: Pick<Store, 'reads' | 'slow'>
  readonly settings: Settings
  readonly acts: UserActs
  readonly quota: Quota
}

/** The machines of a user, and what an admin has instructed them to do. */
export class Machines {
  constructor(private readonly deps: MachinesDeps) {}

  /** Creates or updates a machine. @throws machine_limit, unprocessable; `UserActs.write` */
  register(actor: ConfigSyncActor, given: NewMachine): Promise<Machine> {
    requireMachineId(given.machineId)
    return this.deps.acts.write(actor, async (tx, user) => {
      const known = await tx.configsync.machine(user.id, given.machineId)
      if (!known) await this.requireRoom(tx, user)
      const machine = known
        ? await tx.configsync.updateMachine(known.id, given)
        : await tx.configsync.insertMachine(user.id, given)
      await tx.configsync.insertAudit([syncEntry(actor, 'register', `machine:${machine.machineId}`)])
      return machine
    })
  }

  /**
   * Notes that a machine was seen, inside the transaction of another act. An unknown one is created, with its id as its
   * name. @throws machine_limit, unprocessable
   */
  async see(tx: Writes, user: ConfigSyncUser, machineId: string): Promise<void> {
    requireMachineId(machineId)
    if (await tx.configsync.seeMachine(user.id, machineId)) return
    await this.requireRoom(tx, user)
    const unknown = { platform: null, arch: null, clientVersion: null }
    await tx.configsync.insertMachine(user.id, { machineId, name: machineId, ...unknown })
  }

  list(actor: ConfigSyncActor): Promise<Machine[]> {
    return this.deps.store.slow.configsync.machines(actor.userId)
  }

  /** Removes a machine with its links and actions; its snapshots stay. @throws machine_not_found; `UserActs.write` */
  remove(actor: ConfigSyncActor, machineId: string): Promise<void> {
    return this.deps.acts.write(actor, async (tx, user) => {
      await tx.configsync.deleteMachine(await existingMachine(tx, user.id, machineId))
      await tx.configsync.insertAudit([syncEntry(actor, 'machine.remove', `machine:${machineId}`)])
    })
  }

  /**
   * The actions of a machine; none for an unknown one. Notes that the machine has listed them, unless the token only reads.
   * @throws `UserActs.write`
   */
  async actions(actor: ConfigSyncActor, machineId: string): Promise<MachineAction[]> {
    const { store, acts } = this.deps
    const waiting = await store.reads.configsync.actions(actor.userId, machineId)
    const last = waiting.findLast(({ isDelivered }) => !isDelivered)
    if (last && actor.canWrite)
      await acts.write(actor, (tx, user) => tx.configsync.deliverActions(user.id, machineId, last.id))
    return waiting
  }

  /**
   * Removes the actions that a machine has listed, which it has done. The request names none, so one that was added since
   * the list stays.
   * @throws `UserActs.write`
   */
  clearActions(actor: ConfigSyncActor, machineId: string): Promise<void> {
    return this.deps.acts.write(actor, async (tx, user) => {
      if ((await tx.configsync.deleteActions(user.id, machineId, 'delivered')) > 0)
        await tx.configsync.insertAudit([syncEntry(actor, 'action.clear', `machine:${machineId}`)])
    })
  }

  async usage(actor: ConfigSyncActor): Promise<SyncUsage> {
    return this.usageOf(requireEnabled(await this.deps.store.reads.configsync.user({ id: actor.userId })))
  }

  async usageOf(user: ConfigSyncUser): Promise<SyncUsage> {
    const { store, quota } = this.deps
    return {
      machines: await store.reads.configsync.countMachines(user.id),
      machineLimit: this.limitOf(user),
      storageBytes: user.usedBytes,
      storageLimit: quota.limitOf(user),
    }
  }

  private limitOf({ maxMachines }: ConfigSyncUser): number {
    return maxMachines ?? this.deps.settings.get('configsync.max_machines')
  }

  private async requireRoom(tx: Writes, user: ConfigSyncUser): Promise<void> {
    const limit = this.limitOf(user)
    if (limit === 0 || (await tx.configsync.countMachines(user.id)) < limit) return
    const message = `the limit of ${limit} machines is reached; remove one, or ask an admin for a higher limit`
    throw new AppError('forbidden', 'machine_limit', message)
  }
}

/** @throws machine_not_found */
export async function existingMachine(tx: Writes, userId: number, machineId: string): Promise<Machine> {
  const machine = await tx.configsync.machine(userId, machineId)
  if (!machine) throw new AppError('not_found', 'machine_not_found', `there is no machine ${machineId}`)
  return machine
}

/** Requires a name that is no word of a path. @throws unprocessable */
export function requireMachineId(machineId: string): void {
  if (RESERVED.has(machineId)) throw unprocessable(`a machine cannot be called ${machineId}`)
}
