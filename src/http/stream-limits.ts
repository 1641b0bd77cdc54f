import type { Settings } from '../core/governance/settings'
import { credentialOf, type Person } from '../core/identity/actor'
import { AppError } from '../core/kernel/errors'

/** The most held requests of one token or session. */
export const WAITS_PER_CREDENTIAL = 8

/** Counts open streams, by account and in total, and held requests, by credential. */
export class StreamLimits {
  private readonly streams = new Map<number, number>()
  private readonly longPolls = new Map<string, number>()
  private total = 0

  constructor(private readonly settings: Settings) {}

  /** Reserves a held request; disposing releases it. @throws too_many_streams */
  hold(actor: Person): Disposable {
    const key = credentialOf(actor)?.uuid ?? 'operator'
    const held = this.longPolls.get(key) ?? 0
    if (held >= WAITS_PER_CREDENTIAL)
      throw tooMany(`${WAITS_PER_CREDENTIAL} waiting requests of one credential`)
    this.longPolls.set(key, held + 1)
    return once(() => decrement(this.longPolls, key))
  }

  /** Reserves a stream or socket. @throws too_many_streams, naming the setting */
  open(actor: Person): Disposable {
    const { id } = actor.account
    const perAccount = this.settings.get('streams.per_account')
    const total = this.settings.get('streams.total')
    if ((this.streams.get(id) ?? 0) >= perAccount)
      throw tooMany(`${perAccount} streams of one account (streams.per_account)`)
    if (this.total >= total) throw tooMany(`${total} streams in all (streams.total)`)
    this.streams.set(id, (this.streams.get(id) ?? 0) + 1)
    this.total++
    return once(() => {
      decrement(this.streams, id)
      this.total--
    })
  }
}

function tooMany(limit: string): AppError {
  return new AppError('rate_limited', 'too_many_streams', `At most ${limit} are open at a time`, {
    retry_after: 5,
  })
}

function decrement<Key>(counts: Map<Key, number>, key: Key): void {
  const left = (counts.get(key) ?? 1) - 1
  if (left > 0) counts.set(key, left)
  else counts.delete(key)
}

function once(release: () => void): Disposable {
  let held = true
  return {
    [Symbol.dispose]: () => {
      if (held) release()
      held = false
    },
  }
}
