import { closeSync, openSync, readdirSync, readFileSync, statSync } from 'node:fs'

/** Open files and connections of a process. */
export interface Descriptors {
  readonly used: number
  /** Beyond this many nothing can be opened, and no connection taken. */
  readonly limit: number
}

/** Undefined where the system does not say: it is Linux that does, of processes of the same user. */
export function descriptorsOf(pid: number | 'self' = 'self'): Descriptors | undefined {
  try {
    const limit = /^Max open files\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/limits`, 'utf8'))?.[1]
    if (limit === undefined) return undefined
    const folder = `/proc/${pid}/fd`
    // Its size is their number since Linux 6.2.
    return { used: statSync(folder).size || readdirSync(folder).length, limit: Number(limit) }
  } catch {
    return undefined
  }
}

/** So many are kept free of clients: for files, for other connections, and for the operator. */
export function keptFree(limit: number): number {
  return Math.min(256, Math.max(32, Math.floor(limit / 8)))
}

/** What the guard needs of a listener. */
interface Listener {
  /** Undefined for the operator's own. */
  readonly port: number | undefined
  closeIdle(): number
  refuse(): void
  accept(): void
}

interface GuardDeps {
  readonly listeners: readonly Listener[]
  readonly say: (level: 'info' | 'warning', message: string, facts: Readonly<Record<string, unknown>>) => void
  readonly report: (fault: unknown) => void
  /** Default: what the system says. */
  readonly look?: () => Descriptors | undefined
}

const EVERY_MILLISECONDS = 100
/** Counting many takes longer, and while the half of them is free there is time. */
const MANY = 2000
const RARELY_MILLISECONDS = 1000
const SHORT = 'too few file descriptors are left: new connections are refused (LimitNOFILE, ulimit -n)'
/** Opened beforehand, and closed when a burst took all the others. */
const RESERVED = 16

/**
 * Refuses clients before the process runs out of descriptors. A server that cannot take a connection is told of it over
 * and over, so it would spin, and everybody else who comes would wait without a word.
 */
export class DescriptorGuard implements Disposable {
  private readonly reserve: number[] = []
  /** As of the last time it could be seen. */
  private limit: number | undefined
  private isShort = false
  private hasFailed = false
  private timer: Timer | undefined

  constructor(private readonly deps: GuardDeps) {
    this.tick()
  }

  /** Looks now; it does so by itself ten times a second. */
  look(): Descriptors | undefined {
    // To look takes a descriptor as well: where none is left, all are used.
    const all = this.limit === undefined ? undefined : { used: this.limit, limit: this.limit }
    const found = (this.deps.look ?? descriptorsOf)() ?? all
    if (found === undefined) return undefined
    this.limit = found.limit
    const kept = keptFree(found.limit)
    const { listeners, say } = this.deps
    if (found.used > found.limit - kept) {
      this.release()
      // The operator comes in as long as there is any room at all, once clients are refused.
      const isFull = this.isShort && found.used > found.limit - RESERVED / 2
      for (const listener of listeners) {
        listener.closeIdle()
        if (listener.port !== undefined || isFull) listener.refuse()
        else listener.accept()
      }
      if (!this.isShort) say('warning', SHORT, { ...found })
      this.isShort = true
    } else if (this.isShort && found.used <= found.limit - 2 * kept) {
      say('info', 'there are file descriptors again: connections are accepted', { ...found })
      this.isShort = false
    }
    if (!this.isShort) {
      this.fill()
      // One that lost its address to another program meanwhile tries again.
      for (const listener of listeners) listener.accept()
    }
    return found
  }

  [Symbol.dispose](): void {
    clearTimeout(this.timer)
    this.release()
  }

  private tick(): void {
    let found: Descriptors | undefined
    try {
      found = this.look()
      this.hasFailed = false
    } catch (fault) {
      if (!this.hasFailed) this.deps.report(fault)
      this.hasFailed = true
    }
    const isFar = found === undefined || (found.used > MANY && found.used < found.limit / 2)
    this.timer = setTimeout(() => this.tick(), isFar ? RARELY_MILLISECONDS : EVERY_MILLISECONDS)
    this.timer.unref()
  }

  private fill(): void {
    while (this.reserve.length < RESERVED) this.reserve.push(openSync('/dev/null', 'r'))
  }

  private release(): void {
    for (const descriptor of this.reserve.splice(0)) closeSync(descriptor)
  }
}
