import { type BlobChoice, parseBlobUrl } from './blob-url'
import { type ConfigProblem, InvalidValue } from './config-error'
import type { Key, Values } from './settings'

/** A place of blobs, with the key for a bucket. */
export interface BlobPlace {
  readonly blobs: BlobChoice
  readonly blobKey?: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

/** Where the ciphertext of ConfigSync can be: in a folder, and in a bucket if one is configured. */
export interface ConfigsyncPlaces {
  readonly fs: BlobPlace
  readonly s3?: BlobPlace
}

/**
 * Returns where the ciphertext of ConfigSync can be. `common`: the place of all blobs; `folder`: where files are
 * without `blob_url`. The values are checked.
 */
export function configsyncPlaces(values: Values, common: BlobPlace, folder: string): ConfigsyncPlaces {
  const isFolder = common.blobs.kind === 'files'
  const own = hasOwnBucket(values) && { blobs: bucketOf(values), blobKey: keyOf(values) }
  const s3 = own || (isFolder ? undefined : common)
  return { fs: isFolder ? common : { blobs: { kind: 'files', path: folder } }, ...(s3 && { s3 }) }
}

/** Returns the place of the ciphertext of ConfigSync, if it is another one than that of all blobs. */
export function configsyncBlobs(
  store: Values['configsync.store'],
  { fs, s3 }: ConfigsyncPlaces,
  common: BlobPlace,
): BlobPlace | undefined {
  const place = store === 'default' ? common : store === 's3' ? s3 : fs
  return place === common ? undefined : place
}

function hasOwnBucket(values: Partial<Record<Key, unknown>>): boolean {
  return NEEDED.every((key) => values[key] !== undefined)
}

function keyOf(values: Values): NonNullable<BlobPlace['blobKey']> {
  const { 'configsync.s3_access_key_id': accessKeyId, 'configsync.s3_secret_access_key': secretAccessKey } =
    values
  return { accessKeyId, secretAccessKey }
}

/** What a bucket needs. */
const NEEDED = [
  'configsync.s3_bucket',
  'configsync.s3_access_key_id',
  'configsync.s3_secret_access_key',
] as const

/** Returns what is wrong with the bucket of ConfigSync. */
export function configsyncBucketProblems(values: Partial<Record<Key, unknown>>): ConfigProblem[] {
  if (values['configsync.store'] !== 's3' && !hasOwnBucket(values)) return []
  const missing = NEEDED.filter((key) => values[key] === undefined).map((key) => ({
    name: 'SYNAPSE_CONFIGSYNC_STORE',
    problem: `is s3, which needs ${key}`,
    remedy: `set SYNAPSE_${key.toUpperCase().replace('.', '_')}`,
  }))
  if (missing.length > 0) return missing
  try {
    // All other values were found good.
    bucketOf(values as Values)
    return []
  } catch (error) {
    if (!(error instanceof InvalidValue)) throw error
    const remedy = 'correct SYNAPSE_CONFIGSYNC_S3_ENDPOINT, _BUCKET and _PREFIX'
    return [{ name: 'SYNAPSE_CONFIGSYNC_S3_BUCKET', problem: error.message, remedy }]
  }
}

/** @throws InvalidValue */
function bucketOf(values: Values): BlobChoice {
  const given: Partial<Values> = values
  const parameters = new URLSearchParams()
  const [endpoint, region] = [given['configsync.s3_endpoint'], given['configsync.s3_region']]
  if (endpoint) parameters.set('endpoint', endpoint)
  if (region) parameters.set('region', region)
  const address = `s3://${values['configsync.s3_bucket']}/${values['configsync.s3_prefix']}`
  const found = parseBlobUrl(parameters.size > 0 ? `${address}?${parameters}` : address, '/')
  return { ...found, ...(values['configsync.s3_virtual_hosted'] && { virtualHosted: true }) }
}
