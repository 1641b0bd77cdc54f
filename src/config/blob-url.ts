import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { addressClass } from '../home'
import { InvalidValue } from './config-error'

/** The place of blobs. */
export type BlobChoice =
  | { readonly kind: 'files'; readonly path: string }
  | {
      readonly kind: 's3'
      readonly bucket: string
      readonly prefix: string
      readonly endpoint?: string
      readonly region?: string
      readonly virtualHosted?: boolean
    }

const REMEDY = 'write file:///folder, or s3://bucket/prefix?endpoint=https://host&region=name'
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/
/** A part of a path that a URL would resolve. */
const DOTS = /\/\.{1,2}(?:[/?#]|$)/
const PREFIX = /^(?:[A-Za-z0-9._-]+(?:\/[A-Za-z0-9._-]+)*)?$/

/** Reads the address of a blob store. A relative path is taken from `cwd`. @throws InvalidValue */
export function parseBlobUrl(text: string, cwd: string): BlobChoice {
  const trimmed = text.trim()
  if (/^file:\/\//i.test(trimmed)) return { kind: 'files', path: filePath(trimmed) }
  if (/^s3:\/\//i.test(trimmed)) return bucketOf(trimmed)
  const path = /^file:([^/].*)$/i.exec(trimmed)?.[1]
  if (path !== undefined) return { kind: 'files', path: resolve(cwd, path) }
  throw new InvalidValue('is not the address of a blob store', REMEDY)
}

/** The one spelling in which the configuration shows a blob store. It contains no secret. */
export function blobUrl(choice: BlobChoice): string {
  if (choice.kind === 'files') return pathToFileURL(choice.path).href
  const { bucket, prefix, endpoint, region } = choice
  const parameters = new URLSearchParams({ ...(endpoint && { endpoint }), ...(region && { region }) })
  return `s3://${bucket}${prefix && `/${prefix}`}${parameters.size > 0 ? `?${parameters}` : ''}`
}

function filePath(text: string): string {
  try {
    return resolve(fileURLToPath(text))
  } catch {
    throw new InvalidValue('names no folder of this machine', REMEDY)
  }
}

function bucketOf(text: string): BlobChoice {
  const url = URL.parse(text)
  if (!url) throw new InvalidValue('is not the address of a bucket', REMEDY)
  if (url.username !== '' || url.password !== '')
    throw new InvalidValue(
      'contains a key',
      'give the keys by SYNAPSE_BLOB_ACCESS_KEY_ID and SYNAPSE_BLOB_SECRET_ACCESS_KEY',
    )
  const prefix = url.pathname.replace(/^\/+|\/+$/g, '')
  if (!BUCKET.test(url.host) || !PREFIX.test(prefix) || DOTS.test(text))
    throw new InvalidValue('names no bucket and prefix that can be used', REMEDY)
  const unknown = [...url.searchParams.keys()].find((name) => name !== 'endpoint' && name !== 'region')
  if (unknown !== undefined || url.hash !== '')
    throw new InvalidValue('has a parameter that is not known', REMEDY)
  const endpoint = url.searchParams.get('endpoint')
  const region = url.searchParams.get('region')
  return {
    kind: 's3',
    bucket: url.host,
    prefix,
    ...(endpoint ? { endpoint: checkedEndpoint(endpoint) } : {}),
    ...(region ? { region } : {}),
  }
}

/** Files cross the public internet over HTTPS only. */
function checkedEndpoint(text: string): string {
  const url = URL.parse(text)
  if (!url || url.origin !== text.replace(/\/$/, '') || !/^https?:$/.test(url.protocol))
    throw new InvalidValue('has an endpoint that is no origin', 'write endpoint=https://host, with its port')
  if (url.protocol === 'http:' && !isNearby(url.hostname))
    throw new InvalidValue('has an endpoint without TLS on the internet', 'write endpoint=https://…')
  return url.origin
}

/** Reports whether a host is on this machine or a private network, by its address or name alone. */
function isNearby(host: string): boolean {
  const address = host.replace(/^\[|\]$/g, '')
  if (isIP(address) !== 0) return addressClass(address) !== 'public'
  return !host.includes('.') || /\.(?:localhost|local|internal|lan|home\.arpa)$/.test(host)
}
