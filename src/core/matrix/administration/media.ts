import type { Administration } from '../../governance/administration'
import { entryBy } from '../../governance/audit'
import { type Actor, accountOf } from '../../identity/actor'
import { systemAccount } from '../../identity/system-account'
import type { Account } from '../../kernel/entities'
import { AppError } from '../../kernel/errors'
import type { Micros } from '../../kernel/time'
import type { Media, MediaUsage } from '../media-ports'
import type { MatrixParts } from '../parts'

/** Files that one transaction deletes. */
const SLICE = 100

const URI = /^mxc:\/\/([^/]+)\/([A-Za-z0-9_-]{1,255})$/
/** The media id of an attachment, whose bytes belong to its message. */
const ATTACHMENT_ID = /^[0-9a-f]{32}$/

/** The files that were uploaded over Matrix. */
export class MediaAdministration {
  constructor(
    private readonly parts: Pick<MatrixParts, 'core' | 'store' | 'serverName'> & {
      readonly administration: Administration
    },
  ) {}

  /** What each account has uploaded, by account; `after` is the last one of the previous page. */
  async usage(
    actor: Actor,
    page: { readonly after: number; readonly limit: number },
  ): Promise<(MediaUsage & { readonly account: Account })[]> {
    this.parts.administration.check(actor)
    const { reads } = this.parts.store
    const usages = await reads.matrix().mediaUsages(page)
    const accounts = await reads.accountsByIds(usages.map(({ accountId }) => accountId))
    const byId = new Map(accounts.map((account) => [account.id, account]))
    return usages.flatMap(({ accountId, files, bytes }) => {
      const account = byId.get(accountId)
      return account ? [{ account, files, bytes }] : []
    })
  }

  /**
   * Blocks a file, which then looks to everybody as if it did not exist, or lets it be read again.
   * @throws invalid_media_uri for what is no URI of an upload here, media_not_found
   */
  quarantine(actor: Actor, uri: string, quarantined: boolean): Promise<Media> {
    return this.parts.administration.act(actor, async (tx) => {
      const matrix = tx.matrix()
      const found = await matrix.media(this.idIn(uri))
      if (!found) throw unknownFile()
      if (found.isQuarantined === quarantined) return found
      const by = quarantined ? (accountOf(actor) ?? (await systemAccount(tx))).id : null
      await matrix.quarantineMedia(found.mediaId, by)
      await tx.audit(
        entryBy(actor, 'matrix.media.quarantine', { type: 'media', id: found.mediaId }, { quarantined }),
      )
      return { ...found, isQuarantined: quarantined }
    })
  }

  /** @throws invalid_media_uri for what is no URI of an upload here, media_not_found */
  async delete(actor: Actor, uri: string): Promise<void> {
    const { administration, core } = this.parts
    await administration.act(actor, async (tx) => {
      const mediaId = this.idIn(uri)
      if ((await tx.forgetMedia({ mediaIds: [mediaId] }, 1)) === 0) throw unknownFile()
      await tx.audit(entryBy(actor, 'matrix.media.delete', { type: 'media', id: mediaId }))
    })
    core.unusedBlobs.marked()
  }

  /**
   * Deletes the files that were uploaded before a time, except pictures of users and rooms. `isDryRun`: only counts them.
   * Messages keep the attachments that they have on /v1.
   */
  async purge(actor: Actor, before: Micros, isDryRun: boolean): Promise<MediaUsage> {
    const { administration, store, core } = this.parts
    administration.check(actor)
    const pictures = new Set(await store.reads.matrix().avatars())
    const loop = core.pace.loop()
    let [files, bytes, after] = [0, 0, '']
    for (;;) {
      await loop.turn()
      const page = await store.reads.matrix().mediaBefore(before, { after, limit: SLICE })
      const gone = page.filter(({ mediaId }) => !pictures.has(`mxc://${this.parts.serverName}/${mediaId}`))
      const mediaIds = gone.map(({ mediaId }) => mediaId)
      if (!isDryRun && mediaIds.length > 0)
        await administration.act(actor, (tx) => tx.forgetMedia({ mediaIds }, SLICE))
      files += gone.length
      for (const { size } of gone) bytes += size
      loop.did(page.length)
      const last = page.at(-1)
      if (page.length < SLICE || !last) break
      after = last.mediaId
    }
    if (isDryRun || files === 0) return { files, bytes }
    await administration.act(actor, (tx) =>
      tx.audit(entryBy(actor, 'matrix.media.purge', null, { before, files, bytes })),
    )
    core.unusedBlobs.marked()
    return { files, bytes }
  }

  /** @throws invalid_media_uri */
  private idIn(uri: string): string {
    const [, server, mediaId] = URI.exec(uri) ?? []
    if (mediaId === undefined || server !== this.parts.serverName)
      throw new AppError(
        'invalid',
        'invalid_media_uri',
        `A file of this server is written mxc://${this.parts.serverName}/<id>`,
      )
    if (ATTACHMENT_ID.test(mediaId))
      throw new AppError(
        'invalid',
        'invalid_media_uri',
        'This file belongs to a message: delete the message instead',
      )
    return mediaId
  }
}

function unknownFile() {
  return new AppError('not_found', 'media_not_found', 'There is no such file')
}
