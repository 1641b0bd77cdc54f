/**
 * Attachments: uploaded files, and the blobs that hold their bytes. A post takes uploads by their ids (messages.ts).
 * Imports only the core. Start reading here; kernel/blobs.ts is the port of the blob store.
 */
import type { Directory } from '../access/directory'
import type { Policy } from '../access/policy'
import { includesPosting } from '../access/scopes'
import type { Settings } from '../governance/settings'
import { type Person, principalOf } from '../identity/actor'
import type { BlobBody, BlobKey, Blobs, ByteRange, ReceivedBlob } from '../kernel/blobs'
import type { Attachment, StoredAttachment } from '../kernel/entities'
import { AppError, refusal } from '../kernel/errors'
import { parseUuid, type Secrets, type Seq } from '../kernel/ids'
import { keepBlob } from '../kernel/kept-blob'
import type { Store, Writes } from '../kernel/ports'
import type { Micros } from '../kernel/time'
import type { Transactions } from '../kernel/transactions'
import type { UnusedBlobs } from '../kernel/unused-blobs'
import { type ImageHeader, ImageProbe } from './image-header'

/** Rows that are handled in one transaction, few enough not to delay posts. */
const SLICE = 100

/** The bytes of an upload, before anything is stored about them. */
export interface ReceivedUpload extends AsyncDisposable {
  readonly sha256: string
  readonly blob: ReceivedBlob
  readonly image: ImageHeader | undefined
}

export interface AttachmentsDeps {
  readonly store: Store
  readonly blobs: Blobs
  readonly unusedBlobs: UnusedBlobs
  readonly transactions: Transactions
  readonly directory: Directory
  readonly policy: Policy
  readonly settings: Settings
  readonly secrets: Secrets
  readonly report: (fault: unknown) => void
}

/** Stores, finds and deletes attachments (docs/contract/messages.md#attachments). */
export class Attachments {
  constructor(private readonly deps: AttachmentsDeps) {}

  /**
   * Receives the bytes of an upload. `early`: what is known of an upload that may be refused before it is read: the
   * announced number of bytes, if any. Null for one that was probably stored before, so that the transaction decides.
   * Dispose of the result.
   * @throws not_found if uploads are switched off; missing_scope, quota_exceeded, draining, storage_full, unavailable,
   *   and what `bytes` throws
   */
  async receive(
    actor: Person,
    bytes: AsyncIterable<Uint8Array>,
    early: { readonly length: number | null } | null,
  ): Promise<ReceivedUpload> {
    const { blobs } = this.deps
    if (early !== null) await this.refuseEarly(actor, early.length)
    const probe = new ImageProbe()
    const blob = await blobs.receive('attachments', seenBy(probe, bytes))
    return {
      sha256: blob.sha256,
      blob,
      image: probe.found,
      [Symbol.asyncDispose]: () => blob[Symbol.asyncDispose](),
    }
  }

  private async refuseEarly(actor: Person, length: number | null): Promise<void> {
    const { transactions, directory, store } = this.deps
    await directory.retryUntilLoaded(() => this.requireUploader(actor))
    transactions.refuseWhileDraining(actor)
    if (length !== null) this.requireRoom(await store.reads.attachedBytes(actor.account.id), length)
  }

  /**
   * Stores a received upload. It belongs to the actor until a message has it.
   * @throws not_found, missing_scope, quota_exceeded, draining, storage_full, unavailable, idempotency_conflict
   */
  async add(
    actor: Person,
    { blob, image }: ReceivedUpload,
    given: { readonly filename: string; readonly mime: string },
  ): Promise<Attachment> {
    const { transactions, secrets } = this.deps
    const { size, sha256 } = blob
    const uuid = secrets.uuid()
    const { width, height } = image ?? { width: null, height: null }
    const shown: Attachment = {
      uuid,
      kind: image ? 'image' : 'file',
      filename: given.filename,
      mime: image?.mime ?? given.mime,
      size,
      sha256,
      width,
      height,
    }
    const accountId = actor.account.id
    return keepBlob(this.deps, blob, async (key, isNotUsed) => {
      let equal: BlobKey | undefined
      await transactions.run(actor, async (tx) => {
        this.requireUploader(actor)
        this.requireRoom(await tx.attachedBytes(accountId), size)
        equal = await tx.blobWith(sha256)
        await tx.insertAttachment({ ...shown, accountId, blob: equal ?? key })
        return shown
      })
      if (equal !== undefined) isNotUsed()
      return shown
    })
  }

  /**
   * Returns an attachment of a message that the actor may read, or an upload of its own that no message has yet.
   * @throws attachment_not_found
   */
  async find(actor: Person, id: string): Promise<StoredAttachment> {
    const { store, directory, policy } = this.deps
    const uuid = parseUuid(id)
    const found = uuid && (await store.reads.attachment(uuid))
    if (!found) throw refusal('attachment_not_found')
    const { channelId, messageSeq, accountId } = found
    const isVisible = await directory.retryUntilLoaded(() => {
      const now = policy.current(actor)
      if (channelId === null || messageSeq === null) return accountId === now.account.id
      const channel = directory.channel(channelId)
      return policy.mayRead(now, channel) && messageSeq > policy.hiddenUpTo(now, channel)
    })
    if (!isVisible) throw refusal('attachment_not_found')
    return found
  }

  /** Opens the bytes of an attachment, or a part of them. @throws unavailable; Error if they are missing */
  async open({ blob, size, uuid }: StoredAttachment, range?: ByteRange): Promise<BlobBody> {
    const body = await this.deps.blobs.open(blob, size, range)
    if (!body) throw new Error(`the bytes of the attachment ${uuid} are missing or cut off`)
    return body
  }

  /** Deletes the attachments of messages that are deleted. Their bytes go right after the commit. */
  async deleteOf(tx: Writes, messages: readonly Seq[]): Promise<void> {
    await tx.deleteAttachmentsOf(messages)
    this.deps.unusedBlobs.marked()
  }

  /** Deletes uploads that no message has: those that are older than `before`, or those of an account. */
  async forgetUploads(which: { readonly before: Micros } | { readonly accountId: number }): Promise<void> {
    const { store, unusedBlobs } = this.deps
    for (;;) {
      const gone = await store.transact((tx) => tx.forgetUploads(which, SLICE))
      if (gone > 0) unusedBlobs.marked()
      if (gone < SLICE) return
    }
  }

  /** Deletes everything that an account uploaded over Matrix. */
  async forgetMedia(accountId: number): Promise<void> {
    const { store, unusedBlobs } = this.deps
    for (;;) {
      const gone = await store.transact((tx) => tx.forgetMedia({ accountId }, SLICE))
      if (gone > 0) unusedBlobs.marked()
      if (gone < SLICE) return
    }
  }

  /** Synchronous over the directory: call it inside `Directory.retryUntilLoaded`, or in a transaction. */
  private requireUploader(actor: Person): void {
    const { policy, settings } = this.deps
    requirePostScope(policy.current(actor))
    if (!settings.get('attachments.enabled')) throw new AppError('not_found', 'not_found', 'Not Found')
  }

  /** Checks that an account whose files take so many bytes may have more of them. @throws quota_exceeded */
  requireRoom(used: number, more: number): void {
    const limit = this.deps.settings.get('attachments.quota')
    if (used + more <= limit) return
    const message = `Your uploaded files may take ${limit} bytes, and ${used} are in use`
    throw new AppError('forbidden', 'quota_exceeded', message, { quota: 'attachments.quota', limit })
  }
}

/** Checks that the actor may post somewhere, as far as its scopes say. @throws missing_scope */
export function requirePostScope(actor: Person): void {
  const principal = principalOf(actor)
  if (principal.via !== 'token' || includesPosting(principal.token.scopes)) return
  const facts = { gate: 'scope', required_scope: 'channel:*:post' }
  throw new AppError('forbidden', 'missing_scope', 'Token lacks post scope', facts)
}

async function* seenBy(
  probe: ImageProbe,
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  for await (const chunk of bytes) {
    probe.push(chunk)
    yield chunk
  }
}

/** Returns what a message shows of a stored attachment. */
export function shownOf(stored: Attachment): Attachment {
  const { uuid, kind, filename, mime, size, sha256, width, height } = stored
  return { uuid, kind, filename, mime, size, sha256, width, height }
}
