import type { BlobBody, BlobKey, Blobs, ReceivedBlob } from '../kernel/blobs'
import { AppError } from '../kernel/errors'
import { keepBlob } from '../kernel/kept-blob'
import type { Store, Writes } from '../kernel/ports'
import type { ConfigSyncActor } from './actor'
import type { ConfigSyncUser } from './ports'
import { type Quota, ROW_BYTES } from './quota'
import type { Retention } from './retention'
import type { UserActs } from './user-acts'

/** What becomes of three bytes in base64. */
const BASE64_GROWTH = 4 / 3

export interface SealedBlobsDeps {
  readonly store: Pick<Store, 'reads'>
  readonly blobs: Blobs
  readonly retention: Pick<Retention, 'free'>
  readonly acts: UserActs
  readonly quota: Quota
  readonly report: (fault: unknown) => void
}

/** How an upload arrives. */
export interface Arrival<Fields> {
  /** The announced length of the body, in which the ciphertext is base64. */
  readonly length: number
  /** The bytes of the ciphertext. */
  readonly bytes: AsyncIterable<Uint8Array>
  /** Reads the other fields, after the bytes. */
  readonly fields: () => Fields
}

/** A received upload, of which nothing is stored yet. */
export interface ReceivedUpload<Fields> extends AsyncDisposable {
  readonly blob: ReceivedBlob
  readonly fields: Fields
}

/** Receives, stores and opens ciphertext of users. */
export class SealedBlobs {
  constructor(private readonly deps: SealedBlobsDeps) {}

  /**
   * Receives an upload. `isRepeated`: it was probably stored before, so the transaction alone decides. Dispose of the
   * result.
   * @throws read_only_token, draining, quota_exceeded, storage_full, and what the arrival throws
   */
  async receive<Fields>(
    actor: ConfigSyncActor,
    arrival: Arrival<Fields>,
    isRepeated: boolean,
  ): Promise<ReceivedUpload<Fields>> {
    const { acts, blobs } = this.deps
    await using held = new AsyncDisposableStack()
    if (!isRepeated) {
      acts.refuseEarly(actor)
      await this.makeRoom(actor.userId, Math.floor(arrival.length / BASE64_GROWTH))
    }
    const blob = held.use(await blobs.receive('configsync', arrival.bytes))
    const fields = arrival.fields()
    const disposal = held.move()
    return { blob, fields, [Symbol.asyncDispose]: () => disposal.disposeAsync() }
  }

  /**
   * Stores received ciphertext, and runs the work that makes rows refer to it in a transaction.
   * @throws quota_exceeded, storage_full, unavailable, what `UserActs.write` and the work throw
   */
  store<Result>(
    actor: ConfigSyncActor,
    received: ReceivedBlob,
    work: (tx: Writes, key: BlobKey, user: ConfigSyncUser) => Promise<Result>,
  ): Promise<Result> {
    const { acts, quota } = this.deps
    return keepBlob(this.deps, received, (key) =>
      acts.write(actor, (tx, user) => {
        quota.requireOf(user, { rows: 1, bytes: received.size })
        return work(tx, key, user)
      }),
    )
  }

  /**
   * Checks that a user may store a blob, before its bytes are read. Frees room if there is too little: of snapshots
   * beyond the newest ones of their machines, which would otherwise stay for a day. @throws quota_exceeded
   */
  private async makeRoom(userId: number, bytes: number): Promise<void> {
    const { store, quota, retention } = this.deps
    const user = await store.reads.configsync.user({ id: userId })
    if (!user) return
    const missing = user.usedBytes + ROW_BYTES + bytes - quota.limitOf(user)
    if (missing <= 0) return
    await retention.free(userId, missing)
    const after = await store.reads.configsync.user({ id: userId })
    if (after) quota.requireOf(after, { rows: 1, bytes })
  }

  /** Reports whether stored ciphertext is there, as far as its size tells. @throws unavailable */
  has({ blob, size }: { readonly blob: BlobKey; readonly size: number }): Promise<boolean> {
    return this.deps.blobs.has(blob, size)
  }

  /** Opens stored ciphertext. @throws unavailable; Error if its bytes are missing or cut off */
  async open(
    { blob, size }: { readonly blob: BlobKey; readonly size: number },
    what: string,
  ): Promise<BlobBody> {
    const body = await this.deps.blobs.open(blob, size)
    if (!body) throw new Error(`the bytes of ${what} are missing or cut off`)
    return body
  }
}

/** @throws not_found; the same if it is another user's */
export function notFound(what: string): AppError {
  return new AppError('not_found', 'not_found', `There is no such ${what}`)
}
