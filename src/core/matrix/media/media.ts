/**
 * Files of `mxc://` URIs: uploads and downloads, thumbnails, and previews of pages. Imports only the core.
 * Start reading here, then thumbnails.ts and previews.ts.
 */
import type { Person } from '../../identity/actor'
import { type BlobBody, type BlobKey, type ByteRange, sha256OfKey } from '../../kernel/blobs'
import { AppError } from '../../kernel/errors'
import { keepBlob } from '../../kernel/kept-blob'
import type { Writes } from '../../kernel/ports'
import { isServerName } from '../../kernel/server-name'
import { later, MICROS_PER_DAY, type Micros } from '../../kernel/time'
import { requirePostScope } from '../../messages/attachments'
import { matrixRefusal } from '../errors'
import type { Media as MediaRow, UploadedMedia } from '../media-ports'
import type { MatrixParts } from '../parts'
import type { Standings } from '../standings'

/** How long a reserved file may be uploaded, and how many an account may have reserved at once. */
const RESERVED_MICROS = MICROS_PER_DAY
const MAX_RESERVED = 10
const RESERVED_RETRY_SECONDS = 60

const MEDIA_ID = /^[A-Za-z0-9_-]{1,255}$/
/** The media id of an attachment: its uuid without dashes. Ids of uploads are shorter. */
const ATTACHMENT_ID = /^[0-9a-f]{32}$/
const UPLOAD_ID_LENGTH = 24

/** What an upload says of its bytes. */
export interface MediaHeader {
  readonly mime: string
  readonly name: string | null
}

/** A file that can be downloaded. */
export interface StoredFile extends MediaHeader {
  readonly size: number
  readonly sha256: string
  readonly blob: BlobKey
}

/**
 * Files of `mxc://` URIs: those uploaded over Matrix, which every account may read, and the attachments of messages, which
 * the readers of the message may read.
 */
export class Media {
  constructor(
    private readonly parts: MatrixParts & { readonly standings: Pick<Standings, 'refuseSuspended'> },
  ) {}

  /**
   * Stores an upload. `length`: the announced number of bytes, if any. Returns its URI.
   * @throws missing_scope, quota_exceeded, draining, storage_full, unavailable, and what `bytes` throws
   */
  async upload(
    actor: Person,
    bytes: AsyncIterable<Uint8Array>,
    length: number | null,
    header: MediaHeader,
  ): Promise<string> {
    const mediaId = this.newId()
    const accountId = actor.account.id
    await this.refuseEarly(actor, length)
    await this.store(actor, bytes, header, (tx, uploaded) =>
      tx.matrix().insertMedia({ mediaId, accountId, server: this.parts.serverName, uploaded }),
    )
    return this.uriOf(mediaId)
  }

  /**
   * Reserves a URI, whose bytes are uploaded later.
   * @throws rate_limited if the account has too many of them; missing_scope, draining
   */
  async reserve(actor: Person): Promise<{ readonly uri: string; readonly pendingUntil: Micros }> {
    const { core, serverName: server } = this.parts
    const mediaId = this.newId()
    const accountId = actor.account.id
    return core.transactions.run(actor, async (tx) => {
      this.requireUploader(actor)
      const now = core.clock.now()
      const media = tx.matrix()
      await media.forgetPendingMedia(accountId, now)
      if ((await media.pendingMedia(accountId)) >= MAX_RESERVED)
        throw new AppError(
          'rate_limited',
          'rate_limited',
          `At most ${MAX_RESERVED} uploads of one account may be pending: finish one first`,
          { retry_after: RESERVED_RETRY_SECONDS },
        )
      const pendingUntil = later(now, RESERVED_MICROS)
      await media.insertMedia({ mediaId, accountId, server, pendingUntil })
      return { uri: this.uriOf(mediaId), pendingUntil }
    })
  }

  /**
   * Stores the bytes of a reserved URI.
   * @throws m_not_found if it is not reserved, m_cannot_overwrite_media if it has bytes, m_forbidden if another account
   *   reserved it; and as `upload`
   */
  async complete(
    actor: Person,
    server: string,
    mediaId: string,
    bytes: AsyncIterable<Uint8Array>,
    length: number | null,
    header: MediaHeader,
  ): Promise<void> {
    this.checkId(server, mediaId)
    const { store } = this.parts
    this.requireReserved(actor, server, await store.reads.matrix().media(mediaId))
    await this.refuseEarly(actor, length)
    await this.store(actor, bytes, header, async (tx, uploaded) => {
      const media = tx.matrix()
      this.requireReserved(actor, server, await media.media(mediaId))
      await media.completeMedia(mediaId, uploaded)
    })
  }

  /**
   * Returns a file that the actor may read; `pending` while its bytes are not uploaded.
   * @throws m_invalid_param for what is no server name or media id, m_not_found, attachment_not_found
   */
  async find(actor: Person, server: string, mediaId: string): Promise<StoredFile | 'pending'> {
    this.checkId(server, mediaId)
    if (server === this.parts.serverName && ATTACHMENT_ID.test(mediaId)) {
      const { filename, mime, size, sha256, blob } = await this.parts.core.attachments.find(actor, mediaId)
      return { name: filename, mime, size, sha256, blob }
    }
    return this.uploaded(server, mediaId)
  }

  /**
   * Returns an upload for a request without a token: any while `matrix.media.legacy` is open, else avatars of rooms in the
   * directory of public rooms. @throws as `find`
   */
  async findOpen(server: string, mediaId: string): Promise<StoredFile | 'pending'> {
    this.checkId(server, mediaId)
    const { core, store } = this.parts
    const found = await this.uploaded(server, mediaId)
    if (core.settings.get('matrix.media.legacy') === 'open') return found
    if (await store.reads.matrix().isPublishedAvatar(this.uriOf(mediaId))) return found
    throw notFound()
  }

  /** Stores a file of the web that a preview shows. Returns its URI. @throws storage_full, unavailable */
  async keepCopy(bytes: Uint8Array, mime: string): Promise<string> {
    const { blobs, store, serverName: server } = this.parts
    const mediaId = this.newId()
    await using received = await blobs.receive('attachments', once(bytes))
    const { size, sha256 } = received
    await keepBlob(this.parts, received, async (key, isNotUsed) => {
      const equal = await store.transact(async (tx) => {
        const found = await tx.blobWith(sha256)
        const uploaded = { mime, size, name: null, blob: found ?? key }
        await tx.matrix().insertMedia({ mediaId, accountId: null, server, uploaded })
        return found
      })
      if (equal !== undefined) isNotUsed()
    })
    return this.uriOf(mediaId)
  }

  /** Opens the bytes of a file, or a part of them. @throws unavailable; Error if they are missing */
  async open({ blob, size }: StoredFile, range?: ByteRange): Promise<BlobBody> {
    const body = await this.parts.blobs.open(blob, size, range)
    if (!body) throw new Error(`the bytes of ${blob} are missing or cut off`)
    return body
  }

  private async uploaded(server: string, mediaId: string): Promise<StoredFile | 'pending'> {
    const { core, store, serverName } = this.parts
    const found = server === serverName ? await store.reads.matrix().media(mediaId) : undefined
    if (!found || found.isQuarantined) throw notFound()
    const { blob, mime, name, size, pendingUntil } = found
    if (blob !== null) return { mime, name, size, sha256: sha256OfKey(blob), blob }
    if (pendingUntil === null || pendingUntil <= core.clock.now()) throw notFound()
    return 'pending'
  }

  private async store(
    actor: Person,
    bytes: AsyncIterable<Uint8Array>,
    header: MediaHeader,
    insert: (tx: Writes, uploaded: UploadedMedia) => Promise<void>,
  ): Promise<void> {
    const { core, blobs } = this.parts
    await using received = await blobs.receive('attachments', bytes)
    const { size, sha256 } = received
    await keepBlob(this.parts, received, async (key, isNotUsed) => {
      let equal: BlobKey | undefined
      await core.transactions.run(actor, async (tx) => {
        this.requireUploader(actor)
        this.requireRoom(await tx.matrix().mediaBytes(actor.account.id), size)
        equal = await tx.blobWith(sha256)
        await insert(tx, { ...header, size, blob: equal ?? key })
      })
      if (equal !== undefined) isNotUsed()
    })
  }

  /** Refuses an upload before its bytes are read, where it would be refused afterwards. */
  private async refuseEarly(actor: Person, length: number | null): Promise<void> {
    const { core, store } = this.parts
    await core.directory.retryUntilLoaded(() => this.requireUploader(actor))
    core.transactions.refuseWhileDraining(actor)
    if (length !== null) this.requireRoom(await store.reads.matrix().mediaBytes(actor.account.id), length)
  }

  private requireUploader(actor: Person): void {
    const now = this.parts.core.policy.current(actor)
    this.parts.standings.refuseSuspended(now.account)
    requirePostScope(now)
  }

  private requireRoom(used: number, more: number): void {
    const limit = this.parts.core.settings.get('matrix.media.quota')
    if (used + more <= limit) return
    const message = `Your uploaded files may take ${limit} bytes, and ${used} are in use`
    throw new AppError('forbidden', 'quota_exceeded', message, { quota: 'matrix.media.quota', limit })
  }

  private requireReserved(actor: Person, server: string, found: MediaRow | undefined): void {
    const { core, serverName } = this.parts
    if (server !== serverName || !found || found.isQuarantined) throw notFound()
    if (found.accountId !== actor.account.id)
      throw matrixRefusal('M_FORBIDDEN', 'Another account reserved this media id')
    if (found.blob !== null)
      throw matrixRefusal('M_CANNOT_OVERWRITE_MEDIA', 'The bytes of this media id are uploaded already')
    if (found.pendingUntil === null || found.pendingUntil <= core.clock.now()) throw notFound()
  }

  private checkId(server: string, mediaId: string): void {
    if (!isServerName(server)) throw matrixRefusal('M_INVALID_PARAM', 'This is no server name')
    if (!MEDIA_ID.test(mediaId)) throw matrixRefusal('M_INVALID_PARAM', 'This is no media id')
  }

  private newId(): string {
    return this.parts.secrets.secret().slice(0, UPLOAD_ID_LENGTH)
  }

  private uriOf(mediaId: string): string {
    return `mxc://${this.parts.serverName}/${mediaId}`
  }
}

/** Bytes as they are received. */
export async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  yield bytes
}

function notFound(): AppError {
  return matrixRefusal('M_NOT_FOUND', 'There is no such file')
}
