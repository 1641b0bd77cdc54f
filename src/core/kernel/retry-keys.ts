import { type Actor, accountOf, credentialOf } from '../identity/actor'
import { refusal } from './errors'
import type { Reads, Store, Writes } from './ports'

/** The retry key of a request, with a hash of all that makes it the same request. */
export interface RetryKey {
  readonly accountId: number
  readonly key: string
  readonly requestHash: string
}

/** A retry key on its way to the transaction of its act. */
export interface Retry {
  readonly key: RetryKey
  /** Renders what answers the act, inside its transaction; reads by `tx` alone. May run again. */
  answer(result: unknown, tx: Reads): Promise<string>
}

/** Keeps what is stored with retry keys from those who have the database alone. */
export interface RetrySecrets {
  seal(answer: string): string
  /** @throws Error for what was sealed under another instance key */
  open(sealed: string): string
  /** A hash under a key of the instance: requests hold passwords, which a plain hash would let anybody try. */
  mac(request: string): string
}

/** The operator has no account. Its requests share this scope; ids of accounts begin at 1. */
const OPERATOR = 0

/**
 * Retry keys of acts: a request that is sent again with its key gets the answer of the first one, and nothing is done.
 * Messages keep no answer (see PostPlan). The rules: docs/contract/messages.md#idempotency.
 */
export class RetryKeys {
  constructor(
    private readonly store: Store,
    private readonly secrets: RetrySecrets,
  ) {}

  /**
   * The key of an actor's request. `request`: all that makes it the same one. An answer that shows a secret is given again to the
   * credential that asked for it, and to no other one of the account.
   */
  keyOf(actor: Actor, key: string, request: string, showsSecret: boolean): RetryKey {
    const credential = showsSecret ? (credentialOf(actor)?.hash ?? '') : ''
    return {
      accountId: accountOf(actor)?.id ?? OPERATOR,
      key,
      requestHash: this.secrets.mac(`${credential} ${request}`),
    }
  }

  /** What was answered to the same request; undefined for a key that is free. @throws idempotency_conflict */
  async answered(key: RetryKey): Promise<string | undefined> {
    const used = await this.store.reads.usedKey(key)
    if (!used) return undefined
    if (used.requestHash !== key.requestHash || used.answer === null) throw refusal('idempotency_conflict')
    return this.secrets.open(used.answer)
  }

  /** Call it before the act is judged. @throws idempotency_conflict for a key that is not free */
  async refuseUsed(tx: Writes, key: RetryKey): Promise<void> {
    if (await tx.usedKey(key)) throw refusal('idempotency_conflict')
  }

  async keep(tx: Writes, key: RetryKey, answer: string): Promise<void> {
    await tx.insertKey({ ...key, answer: this.secrets.seal(answer) })
  }

  /** Keeps the answer of an act that is no transaction, after it. @throws idempotency_conflict */
  async keepAlone(key: RetryKey, answer: string): Promise<void> {
    await this.store.transact(async (tx) => {
      await this.refuseUsed(tx, key)
      await this.keep(tx, key, answer)
    })
  }
}
