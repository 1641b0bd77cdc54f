import { type Actor, principalOf } from './actor'
import type { Store } from './ports'
import type { Clock, Micros } from './time'

/** When tokens and sessions were last used: noted in memory, written in batches, once a minute each at most. */
export class Usage {
  private tokens = new Map<number, Micros>()
  private sessions = new Map<number, Micros>()

  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
  ) {}

  note(actor: Actor): void {
    const principal = principalOf(actor)
    if (principal.via === 'operator') return
    const [uses, id] =
      principal.via === 'token' ? [this.tokens, principal.token.id] : [this.sessions, principal.session.id]
    if (!uses.has(id)) uses.set(id, this.clock.now())
  }

  /** Writes what was noted since the last time. Call it once a minute, and before the end. */
  async flush(): Promise<void> {
    const { tokens, sessions } = this
    if (tokens.size + sessions.size === 0) return
    this.tokens = new Map()
    this.sessions = new Map()
    await this.store.transact((tx) => tx.noteUses({ tokens, sessions }))
  }
}
