import type { Core } from '../..'
import { background } from '../../kernel/background'
import type { Clock } from '../../kernel/time'
import type { JsonObject } from '../canonical'
import type { Changes } from './changes'
import {
  type KnownPresence,
  type PresenceSource,
  type PresenceState,
  presenceStateAt,
  type ShownPresence,
} from './presence-state'
import type { Lapsing, Ticker } from './ticker'

/** How long after its last request for news a device counts as there. */
const LINGER_MILLISECONDS = 30_000
/** Readers are told at most this often that a user was active again, while nothing else changes. */
const REPEAT_MILLISECONDS = 60_000
/** Users that are not there and are remembered, because they have set a text or were active. */
const CAPACITY = 20_000

interface Known extends KnownPresence {
  readonly userId: string
  readonly sources: Map<string, PresenceSource>
  activeAt: number | undefined
  statusText: string | null
  lease: KnownPresence['lease']
  /** The requests of each device that are open. */
  readonly open: Map<string, number>
  /** What readers were told last, and when. */
  told: ShownPresence
  toldAt: number
}

export interface PresencesDeps {
  readonly core: Pick<Core, 'directory'>
  readonly changes: Pick<Changes, 'note' | 'wake'>
  readonly clock: Pick<Clock, 'steady'>
  readonly ticker: Ticker
  /** Whether presence is switched on. */
  readonly isOn: () => boolean
  readonly report: (fault: unknown) => void
}

const NOWHERE: ShownPresence = { state: 'offline', statusText: null, activeAt: undefined, isActive: false }

/** Who is there. Nothing is stored, and there is one timer for all users. */
export class Presences implements Lapsing {
  /** By account; who was first seen longest ago comes first. */
  private readonly known = new Map<number, Known>()
  private readonly there = new Set<number>()
  private tellOthers: (accountId: number, isTextNew: boolean) => void = () => {}

  constructor(private readonly deps: PresencesDeps) {
    deps.ticker.add(this)
  }

  /** Sets what is called when something may have changed that other processes do not see. */
  onChange(tell: (accountId: number, isTextNew: boolean) => void): void {
    this.tellOthers = tell
  }

  /** Notes that a device asks for news. Dispose of the answer when the request ends. */
  reading(accountId: number, userId: string, device: string, state: PresenceState): Disposable {
    if (state === 'offline' || !this.deps.isOn()) return { [Symbol.dispose]: () => {} }
    const known = this.of(accountId, userId)
    if (known.told.state === 'offline') known.activeAt = this.now
    known.open.set(device, (known.open.get(device) ?? 0) + 1)
    known.sources.set(device, { state, until: Number.POSITIVE_INFINITY })
    this.changed(accountId, known)
    return { [Symbol.dispose]: () => this.hasRead(known, device) }
  }

  /** Sets the presence of a user, as one of its devices asks, until that device asks for news again. */
  set(accountId: number, userId: string, device: string, state: PresenceState, text: string | null): void {
    if (!this.deps.isOn()) return
    const known = this.of(accountId, userId)
    const isTextNew = known.statusText !== text
    known.statusText = text
    if (state === 'offline') known.sources.delete(device)
    else known.sources.set(device, { state, until: this.untilLeft(known, device) })
    known.activeAt = this.now
    this.changed(accountId, known, isTextNew)
  }

  /** Notes that a user has done something, if it is known to be there. */
  active(accountId: number): void {
    const known = this.known.get(accountId)
    if (!known) return
    known.activeAt = this.now
    this.changed(accountId, known)
  }

  /** Notes what an account says of itself on /v1. */
  lease(accountId: number, userId: string, lease: KnownPresence['lease']): void {
    if (!this.deps.isOn() || (lease === undefined && !this.known.has(accountId))) return
    const known = this.of(accountId, userId)
    known.lease = lease
    this.changed(accountId, known)
  }

  /** Notes what another process says of a user; `text` undefined: nothing of its text. */
  elsewhere(
    accountId: number,
    userId: string,
    source: string,
    said: PresenceSource & {
      readonly activeAt: number | undefined
      readonly text: string | null | undefined
    },
  ): void {
    if (!this.deps.isOn()) return
    const known = this.of(accountId, userId)
    if (said.state === 'offline') known.sources.delete(source)
    else known.sources.set(source, { state: said.state, until: said.until })
    if (said.activeAt !== undefined) known.activeAt = Math.max(known.activeAt ?? said.activeAt, said.activeAt)
    if (said.text !== undefined) known.statusText = said.text
    this.changed(accountId, known)
  }

  /** Notes that a user has joined a channel, so that it and the members see whether the others are there. */
  joined(accountId: number, channelId: number): void {
    if (this.there.size > 0) this.deps.changes.note({ account: accountId, joined: channelId }, false)
  }

  /** Forgets a user whose account has ended; its peers see that it is not there. */
  forget(accountId: number): void {
    const known = this.known.get(accountId)
    if (!known) return
    known.sources.clear()
    known.lease = undefined
    known.statusText = null
    this.changed(accountId, known)
  }

  /** Returns the presence of a user. */
  shown(accountId: number): ShownPresence {
    const known = this.known.get(accountId)
    return known ? presenceStateAt(this.now, known) : NOWHERE
  }

  /** Returns what is known of a user. */
  find(accountId: number): (KnownPresence & { readonly userId: string }) | undefined {
    return this.known.get(accountId)
  }

  /** The accounts that are there. */
  get present(): ReadonlySet<number> {
    return this.there
  }

  /** Returns the event that says whether a user is there; undefined if its reader ignores the user. */
  event(accountId: number, ignored: ReadonlySet<string>): JsonObject | undefined {
    const known = this.known.get(accountId)
    if (!known || ignored.has(known.userId) || !this.deps.isOn()) return undefined
    const content = presenceContent(this.shown(accountId), this.now)
    return { type: 'm.presence', sender: known.userId, content }
  }

  lapse(): boolean {
    const isOn = this.deps.isOn()
    for (const accountId of [...this.there]) {
      const known = this.known.get(accountId)
      if (!known) continue
      for (const [source, { until }] of known.sources)
        if (until <= this.now || !isOn) known.sources.delete(source)
      if (!isOn) known.lease = undefined
      this.changed(accountId, known)
    }
    return this.there.size > 0
  }

  private hasRead(known: Known, device: string): void {
    const left = (known.open.get(device) ?? 1) - 1
    if (left > 0) {
      known.open.set(device, left)
      return
    }
    known.open.delete(device)
    const source = known.sources.get(device)
    if (source) known.sources.set(device, { ...source, until: this.untilLeft(known, device) })
  }

  /** Until when a device counts as there: while a request of it is open, and a while longer. */
  private untilLeft(known: Known, device: string): number {
    return known.open.has(device) ? Number.POSITIVE_INFINITY : this.now + LINGER_MILLISECONDS
  }

  /** Tells readers and other processes what has changed, if they have to know. */
  private changed(accountId: number, known: Known, isTextNew = false): void {
    const { told, toldAt } = known
    const now = presenceStateAt(this.now, known)
    if (now.state === 'offline') this.there.delete(accountId)
    else this.there.add(accountId)
    this.deps.ticker.want()
    this.tellOthers(accountId, isTextNew)
    const isLoud = now.state !== told.state || now.statusText !== told.statusText
    const isRepeat = now.activeAt !== told.activeAt && this.now - toldAt >= REPEAT_MILLISECONDS
    if (!isLoud && !isRepeat) return
    known.told = now
    known.toldAt = this.now
    this.deps.changes.note({ account: accountId }, isLoud)
    if (isLoud) background(this.wakePeers(accountId), this.deps.report)
  }

  /** Wakes those who share a room with an account, and its own devices. */
  private async wakePeers(accountId: number): Promise<void> {
    const { directory } = this.deps.core
    const channels = await directory.retryUntilLoaded(() => directory.channelsOf(accountId).keys())
    this.deps.changes.wake([`a${accountId}`, ...channels.map((id) => `c${id}` as const)])
  }

  private of(accountId: number, userId: string): Known {
    const found = this.known.get(accountId)
    if (found) return found
    const known: Known = {
      ...{ userId, sources: new Map(), open: new Map(), activeAt: undefined, statusText: null },
      ...{ lease: undefined, told: NOWHERE, toldAt: Number.NEGATIVE_INFINITY },
    }
    this.known.set(accountId, known)
    this.trim()
    return known
  }

  /** Forgets some of those who are not there, if there are many of them. */
  private trim(): void {
    if (this.known.size <= CAPACITY + this.there.size) return
    for (const [accountId, { open }] of this.known) {
      if (this.there.has(accountId) || open.size > 0) continue
      this.known.delete(accountId)
      return
    }
  }

  private get now(): number {
    return this.deps.clock.steady()
  }
}

/** Returns a presence as Matrix shows it. */
export function presenceContent(shown: ShownPresence, now: number): JsonObject {
  const { state, statusText, activeAt, isActive } = shown
  return {
    presence: state,
    ...(activeAt !== undefined && { last_active_ago: Math.max(0, Math.round(now - activeAt)) }),
    ...(state !== 'offline' && { currently_active: isActive }),
    ...(statusText !== null && { status_msg: statusText }),
  }
}
