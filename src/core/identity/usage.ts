import type { Session, Token } from '../kernel/entities'
import { slices } from '../kernel/paged-reads'
import type { Reads, Store, Writes } from '../kernel/ports'
import type { Clock, Micros } from '../kernel/time'
import { type Actor, principalOf } from './actor'

/** Rows written in one transaction; other transactions run in between. */
const SLICE = 50

interface Use {
  readonly accountId: number
  readonly at: Micros
}

/** The recorded uses of one kind of credential, by inner id. */
class Uses {
  private noted = new Map<number, Use>()
  /** The uses of the last flush. They are shown until the next one: a reader may have read their rows before it. */
  private flushed = new Map<number, Use>()

  constructor(private readonly write: (tx: Writes, uses: ReadonlyMap<number, Micros>) => Promise<void>) {}

  note(id: number, use: Use): void {
    this.noted.set(id, use)
  }

  at(id: number): Micros | undefined {
    return (this.noted.get(id) ?? this.flushed.get(id))?.at
  }

  *all(): Iterable<Use> {
    yield* this.flushed.values()
    yield* this.noted.values()
  }

  /** Writes in slices; uses that could not be written are recorded again. */
  async flush(store: Pick<Store, 'transact'>): Promise<void> {
    this.flushed = this.noted
    this.noted = new Map()
    const unwritten = new Map(this.flushed)
    try {
      for (const slice of slices([...this.flushed], SLICE)) {
        const uses = new Map(slice.map(([id, { at }]) => [id, at]))
        await store.transact((tx) => this.write(tx, uses))
        for (const [id] of slice) unwritten.delete(id)
      }
    } finally {
      this.noted = new Map([...unwritten, ...this.noted])
    }
  }
}

/**
 * When tokens and sessions were last used. Uses are recorded in memory and written in batches. Unwritten uses of this
 * process are already shown; those of other processes are not.
 */
export class Usage {
  private readonly tokens = new Uses((tx, uses) => tx.noteUses('tokens', uses))
  private readonly sessions = new Uses((tx, uses) => tx.noteUses('sessions', uses))
  private line: Promise<unknown> = Promise.resolve()

  constructor(
    private readonly store: Pick<Store, 'reads' | 'transact'>,
    private readonly clock: Clock,
  ) {}

  note(actor: Actor): void {
    const principal = principalOf(actor)
    if (principal.via === 'operator') return
    const use = { accountId: principal.account.id, at: this.clock.now() }
    if (principal.via === 'token') this.tokens.note(principal.token.id, use)
    else this.sessions.note(principal.session.id, use)
  }

  /** Returns the token with its last use as known here. */
  ofToken(token: Token): Token {
    return { ...token, lastUsedAt: later(token.lastUsedAt, this.tokens.at(token.id)) }
  }

  /** Returns the session with its last use as known here. */
  ofSession(session: Session): Session {
    return { ...session, lastUsedAt: later(session.lastUsedAt, this.sessions.at(session.id)) }
  }

  /** Returns when these accounts last used a token or session; accounts without any use are absent. */
  async ofAccounts(
    accountIds: readonly number[],
    reads: Pick<Reads, 'lastSeen'> = this.store.reads,
  ): Promise<ReadonlyMap<number, Micros>> {
    return latest(await reads.lastSeen(accountIds), accountIds, [this.tokens, this.sessions])
  }

  /** Returns when these accounts last used a token; accounts that never did are absent. */
  async tokensOfAccounts(accountIds: readonly number[]): Promise<ReadonlyMap<number, Micros>> {
    return latest(await this.store.reads.tokensUsed(accountIds), accountIds, [this.tokens])
  }

  /** Returns accounts that used a token or session at or after `since`, as far as it is known here. */
  *usedSince(since: Micros): Iterable<number> {
    for (const uses of [this.tokens, this.sessions])
      for (const { accountId, at } of uses.all()) if (at >= since) yield accountId
  }

  /** Writes the uses recorded since the last call. Call it once a minute and before the process ends. */
  flush(): Promise<void> {
    const turn = this.line.then(async () => {
      await this.tokens.flush(this.store)
      await this.sessions.flush(this.store)
    })
    this.line = turn.catch(() => {})
    return turn
  }
}

function later(stored: Micros | null, known: Micros | undefined): Micros | null {
  return known !== undefined && known > (stored ?? 0) ? known : stored
}

/** The stored instants of some accounts, or the later ones that are known here. */
function latest(
  stored: ReadonlyMap<number, Micros>,
  accountIds: readonly number[],
  known: readonly Uses[],
): ReadonlyMap<number, Micros> {
  const wanted = new Set(accountIds)
  const last = new Map(stored)
  for (const uses of known)
    for (const { accountId, at } of uses.all())
      if (wanted.has(accountId) && at > (last.get(accountId) ?? 0)) last.set(accountId, at)
  return last
}
