import type { Micros } from '../kernel/time'

/** Machines, the environments of a user, and the actions that wait for a machine. */

export interface Machine {
  readonly id: number
  readonly userId: number
  /** As the client calls itself. */
  readonly machineId: string
  readonly name: string
  readonly platform: string | null
  readonly arch: string | null
  readonly clientVersion: string | null
  readonly lastSeenAt: Micros
  readonly createdAt: Micros
  readonly updatedAt: Micros
}

export type NewMachine = Pick<Machine, 'machineId' | 'name' | 'platform' | 'arch' | 'clientVersion'>

export const TIERS = ['development', 'staging', 'production', 'custom'] as const

export interface Environment {
  readonly name: string
  readonly tier: (typeof TIERS)[number]
  readonly color: string | null
  readonly protect: boolean
}

/** An instruction of an admin for a machine. */
export interface MachineAction {
  readonly id: number
  readonly machineId: string
  readonly action: string
  readonly payload: Readonly<Record<string, unknown>>
  /** Whether the machine has listed it with a token that may write. */
  readonly isDelivered: boolean
  readonly createdAt: Micros
}

export interface MachineReads {
  /** In order of their registration. */
  machines(userId: number): Promise<Machine[]>
  machine(userId: number, machineId: string): Promise<Machine | undefined>
  countMachines(userId: number): Promise<number>
  /** By name. */
  environments(userId: number): Promise<Environment[]>
  /** The names of environments that a viewer was last shown. */
  environmentView(viewer: string): Promise<readonly string[]>
  /** Oldest first; of one machine, or of all if `machineId` is null. */
  actions(userId: number, machineId: string | null): Promise<MachineAction[]>
}

export interface MachineWrites {
  insertMachine(userId: number, machine: NewMachine): Promise<Machine>
  /** Stores what a registration says, and that the machine was seen now. */
  updateMachine(id: number, machine: Omit<NewMachine, 'machineId'>): Promise<Machine>
  renameMachine(id: number, name: string): Promise<Machine>
  /** Notes that a machine was seen now. Returns whether it is known. */
  seeMachine(userId: number, machineId: string): Promise<boolean>
  /** Deletes a machine with its links and actions. Its snapshots stay. */
  deleteMachine(machine: Pick<Machine, 'id' | 'userId' | 'machineId'>): Promise<void>
  putEnvironments(userId: number, environments: readonly Environment[]): Promise<void>
  deleteEnvironments(userId: number, names: readonly string[]): Promise<void>
  putEnvironmentView(userId: number, viewer: string, names: readonly string[]): Promise<void>
  insertAction(
    userId: number,
    action: Pick<MachineAction, 'machineId' | 'action' | 'payload'>,
    createdBy: number | null,
  ): Promise<void>
  /** Notes that a machine has listed its actions up to an id. */
  deliverActions(userId: number, machineId: string, upTo: number): Promise<void>
  /** Deletes the actions of a machine, or those that it has listed, and returns how many. */
  deleteActions(userId: number, machineId: string, which: 'all' | 'delivered'): Promise<number>
}
