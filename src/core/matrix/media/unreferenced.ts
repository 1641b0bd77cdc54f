import type { Core } from '../..'
import { slices } from '../../kernel/paged-reads'
import { later, MICROS_PER_DAY, type Micros } from '../../kernel/time'
import type { MatrixParts } from '../parts'

/** Days for which the copy of an image of a preview stays at least. Clients show a preview for about as long. */
const COPY_DAYS = 7
/** Files that one run looks at. The next one goes on. */
const MAX_FILES = 100_000
/** Rows that are read together, and files that one transaction deletes. */
const ROWS = 500
const SLICE = 100

/** A place in a table, after which reading goes on; undefined at its end. */
interface Page<Place> {
  readonly texts: readonly string[]
  readonly next: Place | undefined
}

/**
 * Deletes files of `mxc://` URIs that nothing names: copies that were made for previews, and uploads that are older than
 * `matrix.media.keep_days`.
 */
export class UnreferencedMedia {
  constructor(
    private readonly parts: Pick<MatrixParts, 'store' | 'serverName'> & {
      readonly core: Pick<Core, 'clock' | 'pace' | 'unusedBlobs'> & {
        readonly settings: Pick<Core['settings'], 'get'>
      }
    },
  ) {}

  /** Deletes them. Returns how many there were. @throws unavailable */
  async forget(signal: AbortSignal): Promise<number> {
    const { core, store } = this.parts
    const files = await this.old()
    await this.withoutNamed(files, signal)
    if (signal.aborted) return 0
    for (const mediaIds of slices([...files], SLICE))
      await store.transact((tx) => tx.forgetMedia({ mediaIds }, SLICE))
    if (files.size > 0) core.unusedBlobs.marked()
    return files.size
  }

  /** The files that are old enough. */
  private async old(): Promise<Set<string>> {
    const { clock, settings } = this.parts.core
    const daysAgo = (days: number) => later(clock.now(), -days * MICROS_PER_DAY)
    const files = new Set<string>()
    await this.gather(files, daysAgo(COPY_DAYS), true)
    const days = settings.get('matrix.media.keep_days')
    if (days > 0) await this.gather(files, daysAgo(days), false)
    return files
  }

  private async gather(files: Set<string>, before: Micros, copiesOnly: boolean): Promise<void> {
    const { core, store } = this.parts
    const loop = core.pace.loop()
    for (let after = ''; files.size < MAX_FILES; ) {
      await loop.turn()
      const page = await store.slow.matrix().mediaBefore(before, { after, limit: ROWS, copiesOnly })
      for (const { mediaId } of page) files.add(mediaId)
      loop.did(page.length)
      const last = page.at(-1)
      if (page.length < ROWS || !last) return
      after = last.mediaId
    }
  }

  /** Leaves out the files that an event, a profile or account data name. */
  private async withoutNamed(files: Set<string>, signal: AbortSignal): Promise<void> {
    const reads = this.parts.store.slow.matrix()
    await this.leaveOut(files, signal, 0, async (after) => {
      const rows = await reads.eventsWithMedia({ after, limit: ROWS })
      return { texts: rows.map(({ json }) => json), next: rows.at(-1)?.id }
    })
    await this.leaveOut(files, signal, { accountId: 0, channelId: 0, type: '' }, async (after) => {
      const rows = await reads.accountDataWithMedia({ after, limit: ROWS })
      return { texts: rows.map(({ json }) => json), next: rows.at(-1) }
    })
    await this.leaveOut(files, signal, 0, async (after) => {
      const rows = await reads.profilesWithMedia({ after, limit: ROWS })
      return { texts: rows.map(({ text }) => text), next: rows.at(-1)?.accountId }
    })
  }

  private async leaveOut<Place>(
    files: Set<string>,
    signal: AbortSignal,
    first: Place,
    read: (after: Place) => Promise<Page<Place>>,
  ): Promise<void> {
    const loop = this.parts.core.pace.loop()
    const uri = new RegExp(`mxc://${RegExp.escape(this.parts.serverName)}/([A-Za-z0-9_-]+)`, 'g')
    for (let place: Place | undefined = first; place !== undefined && files.size > 0 && !signal.aborted; ) {
      await loop.turn()
      const { texts, next }: Page<Place> = await read(place)
      for (const text of texts) for (const [, mediaId = ''] of text.matchAll(uri)) files.delete(mediaId)
      loop.did(texts.length)
      place = next
    }
  }
}
