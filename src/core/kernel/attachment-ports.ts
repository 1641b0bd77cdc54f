import type { BlobKey } from './blobs'
import type { StoredAttachment } from './entities'
import type { Seq, Uuid } from './ids'
import type { Micros } from './time'

/** Reads of attachments, and of the blobs that they refer to. */
export interface AttachmentReads {
  attachment(uuid: Uuid): Promise<StoredAttachment | undefined>
  hasAttachments(): Promise<boolean>
  /** Bytes of all attachments of an account. */
  attachedBytes(accountId: number): Promise<number>
  /** A stored blob with these bytes, if an attachment refers to one. */
  blobWith(sha256: string): Promise<BlobKey | undefined>
  /** Those of these keys that something refers to. */
  usedBlobs(keys: readonly BlobKey[]): Promise<ReadonlySet<BlobKey>>
  /** Keys of blobs that are to be removed. */
  unusedBlobs(limit: number): Promise<BlobKey[]>
}

export interface AttachmentWrites {
  insertAttachment(
    attachment: Omit<StoredAttachment, 'id' | 'kind' | 'sha256' | 'channelId' | 'messageSeq'>,
  ): Promise<void>
  /** Deletes the attachments of messages. Blobs that nothing else refers to become unused. */
  deleteAttachmentsOf(messages: readonly Seq[]): Promise<void>
  /**
   * Deletes up to `limit` attachments that no message has: those that were uploaded before a time, or those of an account.
   * Returns how many. Their blobs become unused as above.
   */
  forgetUploads(
    which: { readonly before: Micros } | { readonly accountId: number },
    limit: number,
  ): Promise<number>
  /**
   * Deletes up to `limit` files that were uploaded over Matrix: those of an account, or these. Returns how many. Their blobs
   * become unused as above.
   */
  forgetMedia(
    which: { readonly accountId: number } | { readonly mediaIds: readonly string[] },
    limit: number,
  ): Promise<number>
  /** Marks blobs as to be removed. */
  insertUnusedBlobs(keys: readonly BlobKey[]): Promise<void>
  /** Notes that these blobs are removed. */
  deleteUnusedBlobs(keys: readonly BlobKey[]): Promise<void>
}
