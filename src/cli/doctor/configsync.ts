import { newestBlobs } from '../../backup'
import { type Check, fail, pass, skip, warn } from './check'
import { storeOf } from './quiet-store'

/** Only blobs that are older than this may be orphans: the rows of others may come. */
const YOUNG_MILLISECONDS = 3_600_000
/** The share of blobs without a row that is worth a word. */
const NOTABLE = 0.01

/** Checks that the ciphertext of ConfigSync can be reached, and that little of it is without a row. */
export const configsync: Check = {
  name: 'configsync',
  async look(diagnosis) {
    const { config, database } = diagnosis
    if (!config.settings.configsync) return [skip('ConfigSync is off (SYNAPSE_CONFIGSYNC)')]
    // The client for buckets is loaded only then.
    const { openHomeBlobs, pathOfBlob } = await import('../../app/blobs')
    const { blobs } = openHomeBlobs(config, () => {})
    const referredNow = (): ReadonlySet<string> => {
      if (database === undefined) return new Set()
      using db = storeOf(diagnosis, database)
      return new Set(newestBlobs(db, { areas: ['configsync'] }).map(({ path }) => path))
    }
    const before = referredNow()
    const stored: string[] = []
    const all = new Set<string>()
    try {
      for await (const page of blobs.list('configsync'))
        for (const { key, age } of page) {
          all.add(pathOfBlob(key))
          if (age > YOUNG_MILLISECONDS) stored.push(pathOfBlob(key))
        }
    } catch {
      return [
        fail(
          'the place of its ciphertext does not answer',
          'check SYNAPSE_CONFIGSYNC_STORE, SYNAPSE_BLOB_URL and their keys',
        ),
      ]
    }
    if (database === undefined) return [pass('the place of its ciphertext answers')]
    const referred = referredNow()
    // A row that came or went meanwhile says nothing.
    const missing = [...referred].filter((path) => before.has(path) && !all.has(path)).length
    if (missing > 0)
      return [
        fail(
          `${missing} of ${referred.size} blobs are missing in the place that is set`,
          'synapse configsync migrate-store if SYNAPSE_CONFIGSYNC_STORE was changed; otherwise restore the files of a backup',
        ),
      ]
    const orphans = stored.filter((path) => !referred.has(path)).length
    if (orphans > NOTABLE * stored.length)
      return [warn(`${orphans} of ${stored.length} stored blobs are without a row`, 'synapse configsync gc')]
    return [pass(`${referred.size} blobs, ${orphans} without a row`)]
  },
}
