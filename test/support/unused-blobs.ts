import { openBlobs } from '../../src/blobs'

/** A blob store for tests that store no bytes. Its folder does not exist. */
export const unusedBlobs = openBlobs(
  { kind: 'files', path: '/nowhere/blobs' },
  {
    temporary: '/nowhere/blobs/tmp',
    report: () => {},
  },
)
