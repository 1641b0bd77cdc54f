import type { Presence, StreamEvent, StreamStatus } from '@synapse/client'
import { cut } from '../../lib/table'
import { styleOf } from '../../lib/terminal'
import { counted } from '../../lib/text'
import type { Client } from '../index'
import { clockOf } from '../sheet'
import type { LiveScreen } from './live-screen'

const TICK_MS = 1000
/** Changes that come together are counted once. */
const TOGETHER_MS = 300
/** The most channels whose members are counted. */
const MOST_CHANNELS = 20
const MOST_APPROVALS = 200

/** Counts who works and what waits, and draws it in the last line of the terminal. */
export class StatusLine implements Disposable {
  private readonly states = new Map<string, Presence['state']>()
  private pending = 0
  private approvals = 0
  private lostAt: number | undefined
  private retryAt = 0
  private readonly ticks: Timer | undefined
  private counting: Timer | undefined
  private isOver = false

  constructor(
    private readonly client: Client,
    private readonly channels: readonly string[],
    private readonly screen: LiveScreen,
  ) {
    if (screen.hasStatus) this.ticks = setInterval(() => this.draw(), TICK_MS)
  }

  /** Takes what the stream says of its connection. `pause`: milliseconds until the next attempt. */
  connection(status: StreamStatus, pause = 0): void {
    if (status === 'open') {
      this.lostAt = undefined
      this.countSoon()
      this.meet()
    } else if (status === 'waiting') {
      this.lostAt ??= Date.now()
      this.retryAt = Date.now() + pause
    }
    this.draw()
  }

  take(event: StreamEvent): void {
    const { type } = event
    if (type === 'presence.online' || type === 'presence.offline' || type === 'presence.updated')
      this.states.set(event.presence.handle, event.presence.state)
    else if (
      type === 'inbox.item' ||
      type === 'ack.position' ||
      type === 'ack.delivery' ||
      type.startsWith('approval.')
    )
      this.countSoon()
    this.draw()
  }

  [Symbol.dispose](): void {
    this.isOver = true
    clearInterval(this.ticks)
    clearTimeout(this.counting)
    this.screen.end()
  }

  private draw(): void {
    if (!this.screen.hasStatus || this.isOver) return
    this.screen.draw(styleOf(process.stdout).dim(statusText(this.facts(), process.stdout.columns || 80)))
  }

  private facts(): StatusFacts {
    const states = [...this.states.values()]
    const now = Date.now()
    return {
      offlineMs: this.lostAt === undefined ? undefined : now - this.lostAt,
      retryMs: Math.max(0, this.retryAt - now),
      working: states.filter((state) => state === 'working').length,
      blocked: states.filter((state) => state === 'blocked').length,
      pending: this.pending,
      approvals: this.approvals,
      clock: clockOf(new Date()),
    }
  }

  private countSoon(): void {
    if (!this.screen.hasStatus || this.counting !== undefined) return
    this.counting = setTimeout(() => {
      this.counting = undefined
      this.inBackground(this.count())
    }, TOGETHER_MS)
  }

  private async count(): Promise<void> {
    const { synapse } = this.client
    const [inbox, { approvals }] = await Promise.all([
      synapse.request('GET /v1/inbox', { query: { limit: 1 } }),
      synapse.request('GET /v1/approvals', { query: { mine: 'decidable', limit: MOST_APPROVALS } }),
    ])
    this.pending = inbox.pending
    this.approvals = approvals.length
    this.draw()
  }

  /** Learns what the members of the channels do. */
  private meet(): void {
    if (this.screen.hasStatus) this.inBackground(this.askAll())
  }

  private async askAll(): Promise<void> {
    const { synapse } = this.client
    const slugs =
      this.channels[0] === '*'
        ? (await synapse.request('GET /v1/channels')).channels.map(({ slug }) => slug)
        : this.channels
    const all = await Promise.all(
      slugs
        .slice(0, MOST_CHANNELS)
        .map((channel) => synapse.request('GET /v1/presence', { query: { channel } })),
    )
    this.states.clear()
    for (const { presence } of all) for (const { handle, state } of presence) this.states.set(handle, state)
    this.draw()
  }

  /** What the line counts is no reason to end: the next change is counted again. */
  private inBackground(work: Promise<void>): void {
    work.catch(() => undefined)
  }
}

/** What the status line tells. */
export interface StatusFacts {
  /** How long the connection has been lost; undefined while it is open. */
  readonly offlineMs: number | undefined
  readonly retryMs: number
  readonly working: number
  readonly blocked: number
  readonly pending: number
  readonly approvals: number
  readonly clock: string
}

/** Returns the line, one column narrower than the terminal, so that it does not wrap. */
export function statusText(facts: StatusFacts, columns: number): string {
  const { working, blocked, pending, approvals, clock } = facts
  const waits = [
    ...(pending > 0 ? [`${pending === 1000 ? '1000+' : pending} inbox`] : []),
    ...(approvals > 0 ? [counted(approvals, 'approval')] : []),
  ]
  const parts = [
    stateOf(facts),
    ...(working > 0 ? [`${working} working`] : []),
    ...(blocked > 0 ? [`${blocked} blocked`] : []),
    ...(waits.length > 0 ? [`you: ${waits.join(', ')}`] : []),
  ]
  const left = `-- ${parts.join('  ')} `
  const right = ` ${clock} --`
  const width = columns - 1
  const dashes = width - Bun.stringWidth(left) - right.length
  return dashes < 0 ? cut(left.trimEnd(), width) : `${left}${'-'.repeat(dashes)}${right}`
}

function stateOf({ offlineMs, retryMs }: StatusFacts): string {
  if (offlineMs === undefined) return 'live'
  const seconds = Math.floor(offlineMs / 1000)
  const lasted = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
  const wait = Math.ceil(retryMs / 1000)
  return `offline ${lasted}, ${wait === 0 ? 'connecting' : `retry in ${wait} s`}`
}
