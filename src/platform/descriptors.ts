import { closeSync, openSync, readdirSync, readFileSync, statSync } from 'node:fs'

/** Open files and connections of a process. */
export interface Descriptors {
  readonly used: number
  /** The maximum number; beyond it, opening files and accepting connections fails. */
  readonly limit: number
}

/** Undefined where the system does not tell. Linux does, for processes of the same user. */
export function descriptorsOf(pid: number | 'self' = 'self'): Descriptors | undefined {
  try {
    const limit = /^Max open files\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/limits`, 'utf8'))?.[1]
    if (limit === undefined) return undefined
    const folder = `/proc/${pid}/fd`
    // Since Linux 6.2 the size of the folder is the number of descriptors.
    return { used: statSync(folder).size || readdirSync(folder).length, limit: Number(limit) }
  } catch {
    return undefined
  }
}

/** Returns how many descriptors are reserved for files, other connections and the operator. */
export function reservedFor(limit: number): number {
  return Math.min(256, Math.max(32, Math.floor(limit / 8)))
}

/** The part of a listener that the guard needs. */
interface Listener {
  /** Undefined for the operator's socket. */
  readonly port: number | undefined
  closeIdle(): number
  refuse(): void
  accept(): void
}

interface GuardDeps {
  readonly listeners: readonly Listener[]
  readonly say: (level: 'info' | 'warning', message: string, facts: Readonly<Record<string, unknown>>) => void
  readonly report: (fault: unknown) => void
  /** Default: asks the system. */
  readonly look?: () => Descriptors | undefined
}

const EVERY_MILLISECONDS = 100
/** Counting many descriptors is slow, and while half of them are free it can be done less often. */
const MANY = 2000
const RARELY_MILLISECONDS = 1000
const SHORT = 'too few file descriptors are left: new connections are refused (LimitNOFILE, ulimit -n)'
/** Descriptors opened in advance, and closed when a burst has used up all others. */
const RESERVED = 16

/**
 * Refuses clients before the process runs out of descriptors. Without it a server that cannot accept a connection would
 * be notified of it in a busy loop, and all new clients would hang.
 */
export class DescriptorGuard implements Disposable {
  private readonly reserve: number[] = []
  /** As of the last successful look. */
  private limit: number | undefined
  private isShort = false
  private hasFailed = false
  private timer: Timer | undefined

  constructor(private readonly deps: GuardDeps) {
    this.tick()
  }

  /** Checks now. It also runs by itself ten times a second. */
  look(): Descriptors | undefined {
    // Checking needs a descriptor. If it fails for lack of one, all are in use.
    const all = this.limit === undefined ? undefined : { used: this.limit, limit: this.limit }
    const found = (this.deps.look ?? descriptorsOf)() ?? all
    if (found === undefined) return undefined
    this.limit = found.limit
    const kept = reservedFor(found.limit)
    const { listeners, say } = this.deps
    if (found.used > found.limit - kept) {
      this.release()
      // The operator is admitted as long as any descriptor is free, even when clients are refused.
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
      // A listener that lost its address to another program tries again.
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
