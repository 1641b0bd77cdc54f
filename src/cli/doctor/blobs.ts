import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { newestBlobs } from '../../backup'
import type { Config } from '../../config'
import { ownDid } from '../backup'
import { counted } from '../lib/text'
import { type Check, type Finding, fail, pass, skip } from './check'
import { storeOf } from './quiet-store'

/** The attachments whose files are looked at. */
const LOOKED_AT = 1000

/** Checks that the place of uploaded files is this instance's, and that the files of the newest attachments exist. */
export const blobs: Check = {
  name: 'files',
  async look(diagnosis) {
    const { config, database } = diagnosis
    const strange = await strangeOwner(config)
    if (strange !== undefined) return [strange]
    const { blobFolderOf } = await import('../../app/blobs')
    const place = blobFolderOf(config)
    if (place === null) return [pass('the bucket of uploaded files answers')]
    if (database === undefined) return [skip('there is no store to compare the uploaded files with')]
    const { path: folder, areas } = place
    using db = storeOf(diagnosis, database)
    const referred = newestBlobs(db, { areas, limit: LOOKED_AT })
    const missing = referred.filter(({ path, size }) => sizeOf(join(folder, path)) !== size)
    if (missing.length > 0)
      return [
        fail(
          `${counted(missing.length, 'uploaded file')} of the newest ${referred.length} missing or cut off in ${folder}`,
          'correct SYNAPSE_BLOB_URL, or stop the server and run synapse backup restore <file> --blobs',
        ),
      ]
    return [pass(`${counted(referred.length, 'uploaded file')} looked at, none missing`)]
  },
}

/** Reports a blob store that does not answer, or that belongs to another instance. */
async function strangeOwner(config: Config): Promise<Finding | undefined> {
  const fix = 'check SYNAPSE_BLOB_URL and its keys'
  try {
    // The client for buckets is loaded only then.
    const { openHomeBlobs } = await import('../../app/blobs')
    const own = ownDid(config)
    for (const store of openHomeBlobs(config, () => {}).stores) {
      const owner = await store.owner()
      if (owner !== undefined && own !== undefined && owner !== own)
        return fail(`the uploaded files belong to ${owner}, and this instance is ${own}`, fix)
    }
    return undefined
  } catch {
    return fail('the place of uploaded files does not answer, or cannot be read', fix)
  }
}

function sizeOf(path: string): number | undefined {
  return existsSync(path) ? statSync(path).size : undefined
}
