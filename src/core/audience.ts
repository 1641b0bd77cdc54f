import { isAdmin, type Person } from './actor'
import type { Directory } from './directory'
import type { StoredType } from './events'
import type { Gates } from './gates'
import type { Settings } from './settings'

/** Of an event, what decides who hears it. */
export interface Heard {
  readonly type: StoredType
  readonly channelId: number | null
  /** The account it is about; null when it is about something else. */
  readonly accountId: number | null
}

/**
 * Who hears what, judged by the rights of now (§16.5 of the v1 contract):
 * events of a channel go to its readers, those about a membership also to the account concerned, and that a channel was
 * archived to its members although nobody reads it any more; events of an account go to itself and to system admins,
 * a changed profile to everybody who shares a channel with it; changes of settings go to system admins.
 */
export class Audience {
  constructor(
    private readonly directory: Directory,
    private readonly gates: Gates,
    private readonly settings: Settings,
  ) {}

  /** Synchronous over the directory; call it inside `Directory.settle`. */
  hears(actor: Person, event: Heard): boolean {
    const me = actor.account.id
    if (event.channelId !== null) {
      if (event.accountId === me) return true
      const channel = this.directory.channel(event.channelId)
      if (event.type !== 'channel.archived') return this.gates.mayRead(actor, channel)
      return (
        this.directory.member(me, channel.id) !== undefined && this.gates.hasScope(actor, channel, 'read')
      )
    }
    const about = event.accountId
    if (about === me) return true
    if (about === null && event.type !== 'setting.changed') return false
    // Of a stream that has long been open the account may have changed.
    const now = { ...actor, account: this.directory.account(me) }
    if (isAdmin(now, this.settings)) return true
    return about !== null && event.type === 'account.updated' && this.directory.shareChannel(me, about)
  }
}
