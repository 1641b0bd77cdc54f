import { type Actor, accountOf, credentialOf } from '../identity/actor'
import { AppError, refusal } from './errors'
import type { Seq } from './ids'
import type { Reads, Store, Writes } from './ports'
import type { AnsweredKey } from './retry-key-ports'

/** The retry key of a request, and a hash of everything that identifies the request. */
export interface RetryKey {
  readonly accountId: number
  readonly key: string
  readonly requestHash: string
}

/** A retry key on its way to the transaction of its act. */
export interface Retry {
  readonly key: RetryKey
  /** Renders the answer inside the transaction of the act. Reads only from `tx`. May run again. */
  answer(result: unknown, tx: Reads): Promise<string>
}

/** Seals what is stored with retry keys, so that access to the database alone does not reveal it. */
export interface RetrySecrets {
  seal(answer: string): string
  /** @throws Error for text sealed under another instance key */
  open(sealed: string): string
  /** Returns a keyed hash. Requests contain passwords; a plain hash would allow offline guessing. */
  mac(request: string): string
}

/** The account id under which the operator's retry keys are stored. Ids of accounts begin at 1. */
const OPERATOR = 0

const UNREADABLE =
  'This idempotency key was already used, and its stored answer cannot be read any more: the instance key of the server was replaced. Check whether the first request took effect; if not, send it with a new key'

/**
 * Retry keys of acts. A request repeated with its key gets the first answer, and nothing is done again. Messages store
 * no answer (see PostPlan). The rules: docs/contract/messages.md#idempotency.
 */
export class RetryKeys {
  constructor(
    private readonly store: Store,
    private readonly secrets: RetrySecrets,
  ) {}

  /**
   * Returns the key of an actor's request. `request` is everything that identifies it. An answer that shows a secret is
   * repeated only to the credential that asked for it, not to the account's other ones.
   */
  keyOf(actor: Actor, key: string, request: string, showsSecret: boolean): RetryKey {
    const credential = showsSecret ? (credentialOf(actor)?.hash ?? '') : ''
    return {
      accountId: accountOf(actor)?.id ?? OPERATOR,
      key,
      requestHash: this.secrets.mac(`${credential} ${request}`),
    }
  }

  /** Reports whether a key of an actor was used, for whatever request. */
  async isUsed(actor: Actor, key: string): Promise<boolean> {
    const accountId = accountOf(actor)?.id ?? OPERATOR
    return (await this.store.reads.usedKey({ accountId, key })) !== undefined
  }

  /**
   * Returns the stored answer to the same request; undefined when the key is free.
   * @throws idempotency_conflict when the key was used for another request, or its answer cannot be read any more;
   *   message_not_found when the answer showed a message that is deleted
   */
  async answered(key: RetryKey): Promise<string | undefined> {
    const used = await this.store.reads.usedKey(key)
    if (!used) return undefined
    // It was deleted with the message that it showed. A post, which stores no answer, has another form of hash.
    if (used.answer === null)
      throw refusal(used.requestHash === key.requestHash ? 'message_not_found' : 'idempotency_conflict')
    // First: under another instance key the hash of the same request is another one, too.
    const answer = this.open(used.answer)
    if (used.requestHash !== key.requestHash) throw refusal('idempotency_conflict')
    return answer
  }

  /** Call it before the act is judged. @throws idempotency_conflict if the key was used */
  async refuseUsed(tx: Writes, key: RetryKey): Promise<void> {
    if (await tx.usedKey(key)) throw refusal('idempotency_conflict')
  }

  /** Stores the answer of an act in its transaction. `shown`: the message that it shows. */
  async keep(tx: Writes, key: RetryKey, answer: string, shown: Seq | null): Promise<void> {
    await tx.insertKeys([this.sealed(key, answer, shown)])
  }

  /** Returns a key with its answer as it is stored. */
  sealed(key: RetryKey, answer: string, shown: Seq | null): AnsweredKey {
    return { ...key, answer: this.secrets.seal(answer), subject: shown }
  }

  private open(sealed: string): string {
    try {
      return this.secrets.open(sealed)
    } catch {
      throw new AppError('conflict', 'idempotency_conflict', UNREADABLE)
    }
  }

  /** Stores the answer of an act without a transaction, after the act. @throws idempotency_conflict */
  async keepAlone(key: RetryKey, answer: string): Promise<void> {
    await this.store.transact(async (tx) => {
      await this.refuseUsed(tx, key)
      await this.keep(tx, key, answer, null)
    })
  }
}
