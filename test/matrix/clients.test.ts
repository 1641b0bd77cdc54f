/** Unmodified Matrix clients against a running server. Their scripts are in test/matrix/clients. */
import { describe, expect, test } from 'bun:test'
import { matrixClientsMissing, nioMissing, runMatrixClient } from '../support/matrix-clients'
import { Site } from '../support/site'

const MATRIX = { SYNAPSE_MATRIX_SERVER_NAME: 'example.org' }

interface Versions {
  readonly versions: readonly string[]
  readonly is_v1_4?: boolean
}

describe('discovery', () => {
  const reads = async (script: string) => {
    await using site = new Site()
    await using server = await site.serveWith(MATRIX)
    const { versions, is_v1_4 = true } = await runMatrixClient<Versions>(script, { baseUrl: server.url })
    expect(versions).toContain('v1.1')
    expect(is_v1_4).toBe(true)
  }

  test.skipIf(matrixClientsMissing).each(['js-sdk-versions.js', 'bot-sdk-versions.js'])(
    '%s reads the versions',
    reads,
  )

  test.skipIf(nioMissing)('nio-versions.py reads the versions', () => reads('nio-versions.py'))
})
