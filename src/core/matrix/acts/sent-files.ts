import type { Person } from '../../identity/actor'
import type { Account } from '../../kernel/entities'
import { AppError } from '../../kernel/errors'
import type { Uuid } from '../../kernel/ids'
import type { Writes } from '../../kernel/ports'
import { filenameOf } from '../../messages/filename'
import { type ImageHeader, ImageProbe } from '../../messages/image-header'
import type { InwardFile } from '../inward'
import type { Media, StoredFile } from '../media/media'
import type { MatrixParts } from '../parts'

/** Bytes at the start of a file within which nearly all images say their size. */
const PROBED_BYTES = 65_536

/** The file of a message that is sent over Matrix. */
export interface SentFile {
  readonly stored: StoredFile
  readonly name: string
  readonly image: ImageHeader | undefined
}

/** Makes the files of messages over Matrix attachments of messages of v1, which share their bytes. */
export class SentFiles {
  constructor(
    private readonly parts: Pick<MatrixParts, 'core' | 'serverName' | 'secrets'>,
    private readonly media: Media,
  ) {}

  /** Returns the file that a message names; undefined if it is not uploaded here or the sender may not read it. */
  async find(actor: Person, named: InwardFile | null | undefined): Promise<SentFile | undefined> {
    const [server, mediaId, ...more] = named?.uri.slice('mxc://'.length).split('/') ?? []
    if (!named || server !== this.parts.serverName || mediaId === undefined || more.length > 0)
      return undefined
    const stored = await this.readable(actor, server, mediaId)
    if (!stored) return undefined
    if (stored.size === 0) return { stored, name: named.name, image: undefined }
    const start = await this.media.open(stored, { start: 0, end: Math.min(stored.size, PROBED_BYTES) })
    const probe = new ImageProbe()
    for await (const chunk of start instanceof Blob ? start.stream() : start) probe.push(chunk)
    return { stored, name: named.name, image: probe.found }
  }

  /** Inserts the attachment of a message that is about to be posted. Returns its id. @throws quota_exceeded */
  async attach(tx: Writes, { id: accountId }: Account, { stored, name, image }: SentFile): Promise<Uuid> {
    const uuid = this.parts.secrets.uuid()
    const { size, blob, mime } = stored
    this.parts.core.attachments.requireRoom(await tx.attachedBytes(accountId), size)
    const { width, height } = image ?? { width: null, height: null }
    await tx.insertAttachment({
      ...{ uuid, accountId, size, blob, width, height },
      filename: filenameOf(name),
      mime: image?.mime ?? mime,
    })
    return uuid
  }

  private async readable(actor: Person, server: string, mediaId: string): Promise<StoredFile | undefined> {
    try {
      const found = await this.media.find(actor, server, mediaId)
      return found === 'pending' ? undefined : found
    } catch (error) {
      if (error instanceof AppError && (error.kind === 'not_found' || error.kind === 'invalid'))
        return undefined
      throw error
    }
  }
}
