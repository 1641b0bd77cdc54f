import type { Actor } from '../identity/actor'
import type { Account, Channel } from '../kernel/entities'
import type { Seq } from '../kernel/ids'
import type { Writes } from '../kernel/ports'

/** Where a channel is found over another protocol. */
export interface RoomAddress {
  readonly roomId: string
  /** The name that people type; null if the room has none. */
  readonly alias: string | null
}

/** The rules that channels made over another protocol have there. */
export interface RoomRules {
  /** The name of the homeserver, which the ids of its users end with. */
  readonly serverName: string
  /**
   * Runs a change of a channel or of its members, in the transaction of the change.
   * @throws matrix_no_power if no member has the power to make it
   */
  judged<Result>(tx: Writes, actor: Actor, channel: Channel, change: () => Promise<Result>): Promise<Result>
  /** Inner ids of the channels to which an account was invited without having answered. */
  invitedTo(account: Account): Promise<ReadonlySet<number>>
  /** Whether an account was invited to a channel and has not answered. */
  isInvited(tx: Writes, account: Account, channel: Channel): Promise<boolean>
  /** Where a channel is found; undefined if it has no room (yet). */
  addressOf(channel: Channel): Promise<RoomAddress | undefined>
  /** Notes how far an account has read, in the transaction in which that is written. */
  markRead(tx: Writes, account: Account, channel: Channel, mark: ReadMark): Promise<void>
  /** How many events of an account rooms have, which go if it is erased. */
  countEventsOf(account: Account): Promise<number>
}

/** How far an account has read in a channel. */
export interface ReadMark {
  /** The root of the thread that was read; null outside of threads. */
  readonly root: Seq | null
  readonly upTo: Seq
  /** Whether the position went back. */
  readonly isRewound: boolean
}

const nowhere: ReadonlySet<number> = new Set()

/** What the acts of v1 ask of the rooms of channels. Without another protocol there are no rules. */
export class ChannelRooms implements Omit<RoomRules, 'serverName' | 'countEventsOf'> {
  private rules: RoomRules | undefined

  /** Called once, by the protocol whose rooms have rules. */
  fill(rules: RoomRules): void {
    this.rules = rules
  }

  get serverName(): string | undefined {
    return this.rules?.serverName
  }

  judged<Result>(tx: Writes, actor: Actor, channel: Channel, change: () => Promise<Result>): Promise<Result> {
    return this.rules ? this.rules.judged(tx, actor, channel, change) : change()
  }

  async invitedTo(account: Account): Promise<ReadonlySet<number>> {
    return this.rules ? this.rules.invitedTo(account) : nowhere
  }

  async isInvited(tx: Writes, account: Account, channel: Channel): Promise<boolean> {
    return this.rules ? this.rules.isInvited(tx, account, channel) : false
  }
  async addressOf(channel: Channel): Promise<RoomAddress | undefined> {
    return this.rules?.addressOf(channel)
  }

  async markRead(tx: Writes, account: Account, channel: Channel, mark: ReadMark): Promise<void> {
    await this.rules?.markRead(tx, account, channel, mark)
  }

  /** Undefined without another protocol. */
  async countEventsOf(account: Account): Promise<number | undefined> {
    return this.rules?.countEventsOf(account)
  }
}
