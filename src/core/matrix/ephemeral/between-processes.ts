import type { Clock } from '../../kernel/time'
import { isObject } from '../canonical'
import { PRESENCE_STATES, type PresenceState, presenceStateAt } from './presence-state'
import type { Presences } from './presences'
import type { Lapsing, Ticker } from './ticker'
import type { Typing } from './typing'

/** A process says at least this often who is there by it. */
const AGAIN_MILLISECONDS = 45_000
/** What another process said holds for so long. */
const HOLDS_MILLISECONDS = 100_000
/** Characters in one text of the bus that are about users, unless it is about one. A text takes 7,900 bytes. */
const TEXT_LENGTH = 1500
/** How often a process that has begun asks the others, once a second, because it may ask before the bus works. */
const QUESTIONS = 5

/** What a process says: who begins or ends to type, who is there, or that it has just begun and knows nothing. */
type Said =
  | { readonly typing: { readonly channel: number; readonly user: string; readonly ms: number } }
  | { readonly boot: string; readonly presence: readonly SaidPresence[] }
  | { readonly began: true }

interface SaidPresence {
  readonly account: number
  readonly user: string
  readonly state: PresenceState
  /** How long ago the user was active, in milliseconds. */
  readonly ago?: number | undefined
  readonly text?: string | null | undefined
}

export interface BetweenProcessesDeps {
  readonly boot: string
  readonly typing: Typing
  readonly presences: Presences
  readonly clock: Pick<Clock, 'steady'>
  readonly ticker: Ticker
  readonly send: (text: string) => void
}

/** Tells the other processes of a deployment who types and who is there, and hears it from them. Any text may be lost. */
export class BetweenProcesses implements Lapsing {
  /** What was said last of each account that is there by this process, and when. */
  private readonly said = new Map<number, { readonly state: PresenceState; readonly at: number }>()
  /** How often it will yet ask the others. */
  private questions = 0

  constructor(private readonly deps: BetweenProcessesDeps) {
    deps.ticker.add(this)
  }

  /** Asks the others who types and who is there, and tells them from now on. Call it when there is a bus. */
  begin(): void {
    const { presences } = this.deps
    presences.onChange((accountId, isTextNew) => this.tell(accountId, isTextNew))
    this.questions = QUESTIONS
    this.deps.ticker.want()
  }

  /** Says that a user types for so long; 0: no longer. */
  typing(channel: number, user: string, ms: number): void {
    this.say({ typing: { channel, user, ms } })
  }

  /** Takes a text of another process. Ignores what this version does not know. */
  receive(text: string): void {
    const said = parsed(text)
    if (!said) return
    const { typing } = this.deps
    if ('began' in said) {
      this.sayAll()
      return
    }
    this.questions = 0
    if ('typing' in said) {
      const { channel, user, ms } = said.typing
      if (ms > 0) typing.begin(channel, user, ms)
      else typing.end(channel, user)
    } else for (const one of said.presence) this.hear(said.boot, one)
  }

  lapse(): boolean {
    const due = [...this.said].filter(([, { at }]) => at + AGAIN_MILLISECONDS <= this.now)
    this.sayPresence(due.map(([id]) => id))
    if (this.questions > 0) {
      this.questions--
      this.say({ began: true })
    }
    return this.said.size > 0 || this.questions > 0
  }

  private tell(accountId: number, isTextNew: boolean): void {
    const before = this.said.get(accountId)?.state ?? 'offline'
    if (isTextNew || this.stateHere(accountId) !== before) this.sayPresence([accountId], isTextNew)
  }

  private hear(boot: string, { account, user, state, ago, text }: SaidPresence): void {
    const activeAt = ago === undefined ? undefined : this.now - ago
    const until = this.now + HOLDS_MILLISECONDS
    this.deps.presences.elsewhere(account, user, `@${boot}`, { state, until, activeAt, text })
  }

  private sayAll(): void {
    const { typing } = this.deps
    for (const { channelId, userId, milliseconds } of typing.all())
      this.typing(channelId, userId, Math.ceil(milliseconds))
    this.sayPresence([...this.said.keys()])
  }

  /** `isTextNew`: also that a text was taken away. Otherwise it may be this process that does not know the text. */
  private sayPresence(accounts: readonly number[], isTextNew = false): void {
    const all = accounts.flatMap((account): SaidPresence[] => {
      const known = this.deps.presences.find(account)
      if (!known) return []
      const state = this.stateHere(account)
      if (state === 'offline') this.said.delete(account)
      else this.said.set(account, { state, at: this.now })
      const { activeAt } = known
      const ago = activeAt === undefined ? undefined : Math.max(0, Math.round(this.now - activeAt))
      const { userId: user, statusText: text } = known
      return [{ account, user, state, ago, ...((isTextNew || text !== null) && { text }) }]
    })
    const { boot } = this.deps
    for (const presence of chunks(all)) this.say({ boot, presence })
  }

  /** The presence of an account by its devices that read here. */
  private stateHere(accountId: number): PresenceState {
    const known = this.deps.presences.find(accountId)
    if (!known) return 'offline'
    const sources = new Map([...known.sources].filter(([source]) => !source.startsWith('@')))
    return presenceStateAt(this.now, { ...known, sources, lease: undefined }).state
  }

  private say(said: Said): void {
    this.deps.send(JSON.stringify(said))
  }

  private get now(): number {
    return this.deps.clock.steady()
  }
}

/** Splits users into lists that fit in a text. */
function* chunks(all: readonly SaidPresence[]): Generator<readonly SaidPresence[]> {
  let chunk: SaidPresence[] = []
  let length = 0
  for (const one of all) {
    const more = JSON.stringify(one).length
    if (chunk.length > 0 && length + more > TEXT_LENGTH) {
      yield chunk
      chunk = []
      length = 0
    }
    chunk.push(one)
    length += more
  }
  if (chunk.length > 0) yield chunk
}

function parsed(text: string): Said | undefined {
  const said = jsonIn(text)
  if (!isObject(said)) return undefined
  if (said.began === true) return { began: true }
  const { typing, presence, boot } = said
  if (isObject(typing)) {
    const { channel, user, ms } = typing
    const isKnown = typeof channel === 'number' && typeof user === 'string' && typeof ms === 'number'
    return isKnown ? { typing: { channel, user, ms } } : undefined
  }
  if (typeof boot !== 'string' || !Array.isArray(presence)) return undefined
  return { boot, presence: presence.filter(isPresence) }
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isPresence(value: unknown): value is SaidPresence {
  if (!isObject(value)) return false
  const { account, user, state, ago, text } = value
  return (
    typeof account === 'number' &&
    typeof user === 'string' &&
    PRESENCE_STATES.some((one) => one === state) &&
    (ago === undefined || typeof ago === 'number') &&
    (text === undefined || text === null || typeof text === 'string')
  )
}
