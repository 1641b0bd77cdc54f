import type { Directory } from '../access/directory'
import type { Policy } from '../access/policy'
import type { Settings } from '../governance/settings'
import { isAdmin, type Person } from '../identity/actor'
import type { Catalogue } from './catalogue'
import type { AudienceKind } from './event-kind'
import { channelsIn, type EventRecord, isDeliveryOf, pausedIn } from './events'
import type { FeedFilter } from './feed'
import { type Frame, frameKinds } from './frames'

/** The parts of an event that decide who sees it. */
export type Judged = Pick<EventRecord, 'type' | 'channelId' | 'subject' | 'facts'>

type Judge = (actor: Person, event: Judged) => boolean

/** Decides who sees which event, by current rights. Each kind of audience in the catalogue has one function. */
export class Audience {
  private readonly judges: Readonly<Record<AudienceKind, Judge>> = {
    readers: (actor, event) => this.isReader(actor, event),
    readers_or_everyone: (actor, event) => event.channelId === null || this.isReader(actor, event),
    readers_and_account: (actor, event) => isConcerned(actor, event) || this.isReader(actor, event),
    members: (actor, event) => this.isMember(actor, event),
    only_account: isConcerned,
    sender_and_recipient: (actor, event) => isDeliveryOf(actor.account.id, event.facts),
    account: (actor, event) => isConcerned(actor, event) || this.isAdministrator(actor),
    account_and_peers: (actor, event) =>
      isConcerned(actor, event) || this.isAdministrator(actor) || this.isPeer(actor, event),
    account_and_former_peers: (actor, event) =>
      isConcerned(actor, event) || this.isAdministrator(actor) || this.wasPeer(actor, event),
    nobody: () => false,
    admins: (actor) => this.isAdministrator(actor),
    paused: (actor, event) =>
      event.channelId === null ? this.mayKnowPaused(actor, event) : this.isReader(actor, event),
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

  /**
   * Reports whether the actor receives a frame that its selection covers. A selection of named channels covers the
   * frames about their members. Synchronous over the directory, like `includes`.
   */
  receives(actor: Person, { channelIds }: Pick<FeedFilter, 'channelIds'>, frame: Frame): boolean {
    const { channel, account } = frame
    const isOwn = actor.account.id === account.id
    switch (frameKinds[frame.type].audience) {
      case 'account':
        return isOwn
      case 'readers':
        return channel === null || this.policy.mayRead(actor, this.directory.channel(channel.id))
      case 'account_and_peers': {
        if (channelIds === '*') return isOwn || this.directory.shareChannel(actor.account.id, account.id)
        return [...channelIds].some(
          (id) =>
            this.directory.member(account.id, id) !== undefined &&
            this.policy.mayRead(actor, this.directory.channel(id)),
        )
      }
    }
  }

  private isReader(actor: Person, { type, channelId, subject }: Judged): boolean {
    if (channelId === null) return false
    const channel = this.directory.channel(channelId)
    if (!this.policy.mayRead(actor, channel)) return false
    // The subject of an event about a message is the message's seq.
    return this.catalogue.find(type)?.about !== 'message' || subject > this.policy.hiddenUpTo(actor, channel)
  }

  /** Includes members of an archived channel, which has no readers. */
  private isMember(actor: Person, { channelId }: Judged): boolean {
    if (channelId === null) return false
    const channel = this.directory.channel(channelId)
    if (this.policy.observes(actor, channel)) return true
    if (!this.directory.member(actor.account.id, channelId)) return false
    return this.policy.hasScope(actor, channel, 'read')
  }

  private isAdministrator(actor: Person): boolean {
    // The account may have changed since the stream was opened.
    return isAdmin({ ...actor, account: this.directory.account(actor.account.id) }, this.settings)
  }

  /** Reports whether the actor shares a channel with the account. */
  private isPeer(actor: Person, { subject }: Judged): boolean {
    return this.directory.shareChannel(actor.account.id, subject)
  }

  /** A pause of every channel is known to all, or if it is of one agent, to those who share a channel with it. */
  private mayKnowPaused(actor: Person, { facts }: Judged): boolean {
    const paused = pausedIn(facts)
    if (paused === undefined || paused === actor.account.id || this.isAdministrator(actor)) return true
    return this.directory.shareChannel(actor.account.id, paused)
  }

  /** Reports whether the actor is in a channel in which the account was when it was erased. */
  private wasPeer(actor: Person, { facts }: Judged): boolean {
    const own = this.directory.channelsOf(actor.account.id)
    return channelsIn(facts).some((id) => own.has(id))
  }
}

function isConcerned(actor: Person, { subject }: Judged): boolean {
  return actor.account.id === subject
}
