import type { Directory } from '../access/directory'
import type { Policy } from '../access/policy'
import type { Settings } from '../governance/settings'
import { isAdmin, type Person } from '../identity/actor'
import type { AudienceKind, Catalogue } from './catalogue'
import type { EventRecord } from './events'

/** The parts of an event that decide who sees it. */
export type Judged = Pick<EventRecord, 'type' | 'channelId' | 'subject'>

type Judge = (actor: Person, event: Judged) => boolean

/** Decides who sees which event, by current rights. Each kind of audience in the catalogue has one function. */
export class Audience {
  private readonly judges: Readonly<Record<AudienceKind, Judge>> = {
    readers: (actor, event) => this.isReader(actor, event),
    readers_and_account: (actor, event) => isConcerned(actor, event) || this.isReader(actor, event),
    members: (actor, event) => this.isMember(actor, event),
    account: (actor, event) => isConcerned(actor, event) || this.isAdministrator(actor),
    account_and_peers: (actor, event) =>
      isConcerned(actor, event) || this.isAdministrator(actor) || this.isPeer(actor, event),
    admins: (actor) => this.isAdministrator(actor),
  }

  constructor(
    private readonly catalogue: Catalogue,
    private readonly directory: Directory,
    private readonly policy: Policy,
    private readonly settings: Settings,
  ) {}

  /**
   * Reports whether the actor sees the event; false for a type that this program does not know. Synchronous over the
   * directory: call it inside `Directory.retryUntilLoaded`.
   */
  includes(actor: Person, event: Judged): boolean {
    const kind = this.catalogue.find(event.type)
    return kind !== undefined && this.judges[kind.audience](actor, event)
  }

  private isReader(actor: Person, { channelId }: Judged): boolean {
    return channelId !== null && this.policy.mayRead(actor, this.directory.channel(channelId))
  }

  /** Includes members of an archived channel, which has no readers. */
  private isMember(actor: Person, { channelId }: Judged): boolean {
    if (channelId === null || !this.directory.member(actor.account.id, channelId)) return false
    return this.policy.hasScope(actor, this.directory.channel(channelId), 'read')
  }

  private isAdministrator(actor: Person): boolean {
    // The account may have changed since the stream was opened.
    return isAdmin({ ...actor, account: this.directory.account(actor.account.id) }, this.settings)
  }

  /** Reports whether the actor shares a channel with the account. */
  private isPeer(actor: Person, { subject }: Judged): boolean {
    return this.directory.shareChannel(actor.account.id, subject)
  }
}

function isConcerned(actor: Person, { subject }: Judged): boolean {
  return actor.account.id === subject
}
