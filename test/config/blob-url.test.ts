import { describe, expect, test } from 'bun:test'
import { blobUrl, parseBlobUrl } from '../../src/config/blob-url'
import { thrownBy } from '../home/temporary'
import { loading } from './loading'

const KEYS = { SYNAPSE_BLOB_ACCESS_KEY_ID: 'id', SYNAPSE_BLOB_SECRET_ACCESS_KEY: 'the secret key' }

describe('the address of the blob store', () => {
  test.each([
    ['file:///srv/files', { kind: 'files', path: '/srv/files' }, 'file:///srv/files'],
    ['file:///srv/a%20b/', { kind: 'files', path: '/srv/a b' }, 'file:///srv/a%20b'],
    ['file:files', { kind: 'files', path: '/here/files' }, 'file:///here/files'],
    ['s3://bucket', { kind: 's3', bucket: 'bucket', prefix: '' }, 's3://bucket'],
    [
      's3://bucket/a/b/?endpoint=https://s3.example.org/&region=eu-1',
      { kind: 's3', bucket: 'bucket', prefix: 'a/b', endpoint: 'https://s3.example.org', region: 'eu-1' },
      's3://bucket/a/b?endpoint=https%3A%2F%2Fs3.example.org&region=eu-1',
    ],
    [
      's3://bucket?endpoint=http://minio:9000',
      { kind: 's3', bucket: 'bucket', prefix: '', endpoint: 'http://minio:9000' },
      's3://bucket?endpoint=http%3A%2F%2Fminio%3A9000',
    ],
  ] as const)('%s is read, and has one spelling', (text, expected, spelling) => {
    const choice = parseBlobUrl(text, '/here')
    expect(choice).toEqual(expected)
    expect(blobUrl(choice)).toBe(spelling)
    expect(parseBlobUrl(spelling, '/')).toEqual(choice)
  })

  test.each([
    ['/srv/files', 'is not the address'],
    ['file://server/share', 'no folder of this machine'],
    ['https://bucket.example', 'is not the address'],
    ['s3://id:secret@bucket', 'contains a key'],
    ['s3://Bucket_1', 'names no bucket'],
    ['s3://bucket/../up/..', 'names no bucket'],
    ['s3://bucket/a b', 'names no bucket'],
    ['s3://bucket?secret=x', 'parameter that is not known'],
    ['s3://bucket?endpoint=ftp://host', 'endpoint that is no origin'],
    ['s3://bucket?endpoint=https://host/path', 'endpoint that is no origin'],
    ['s3://bucket?endpoint=http://s3.example.org', 'without TLS'],
    ['s3://bucket?endpoint=http://8.8.8.8', 'without TLS'],
  ])('%s is refused without being quoted', (text, problem) => {
    const error = String(thrownBy(() => parseBlobUrl(text, '/here')))
    expect(error).toContain(problem)
    expect(error).not.toContain('secret')
  })

  test('a bucket needs both parts of a key, which are never shown', () => {
    using here = loading()
    const address = { SYNAPSE_BLOB_URL: 's3://bucket' }
    expect(() => here.load(address)).toThrow('blob_access_key_id')
    const config = here.load({ ...address, ...KEYS })
    expect(config.blobs).toEqual({ kind: 's3', bucket: 'bucket', prefix: '' })
    expect(config.blobKey).toEqual({ accessKeyId: 'id', secretAccessKey: 'the secret key' })
  })
})
