import type { Core } from '../../core'
import type { ImportedAccount } from '../../core/configsync/account-import'
import { peerOf } from '../client'
import { type Endpoint, endpoint } from '../endpoint'
import { NDJSON, ndjsonHeaders, piecesOfLines } from '../ndjson'
import { streamed, Type } from '../schema'
import { exportLines, importRecords } from './configsync-export-lines'

const tag = 'ConfigSync administration'
const ofUser = '/v1/admin/configsync/users/:handle'

const counts = Type.Object({
  user_id: Type.Integer(),
  handle: Type.String(),
  machines: Type.Integer(),
  entities: Type.Integer(),
  versions: Type.Integer(),
  snapshots: Type.Integer(),
  variables: Type.Integer(),
})

/** Exports and imports of accounts (docs/contract/configsync.md#export-and-import). */
export function configSyncTransferEndpoints(core: Core): Endpoint[] {
  return [
    endpoint({
      method: 'GET',
      path: `${ofUser}/export`,
      who: 'admin',
      tag,
      summary: 'Export everything that an account has in ConfigSync',
      answers: {
        200: {
          description: 'One JSON object a line; the last one is `{"type":"end"}`',
          schema: Type.Any(),
        },
      },
      refusals: ['account_not_found', 'configsync_user_not_found', 'bytes_missing'],
      handle: async ({ actor, params, request }) => {
        peerOf(request).hold?.()
        const account = await core.configsync.exports.of(actor, params.handle ?? '')
        return {
          status: 200,
          headers: ndjsonHeaders(`configsync-${account.handle}.ndjson`),
          pieces: piecesOfLines(exportLines(account)),
        }
      },
    }),
    endpoint({
      method: 'POST',
      path: `${ofUser}/import`,
      who: 'admin',
      tag,
      summary: 'Import an export for an account that has nothing in ConfigSync, all or nothing',
      description: 'Ids stay the same; ids that are in use are refused, and named.',
      body: streamed({ contentType: NDJSON, maxBytes: () => Number.MAX_SAFE_INTEGER }),
      answers: { 201: { description: 'What was imported', schema: counts } },
      refusals: [
        ...['account_not_found', 'account_archived', 'configsync_user_exists', 'ids_taken', 'invalid_export'],
        ...['import_too_slow', 'storage_full'],
      ],
      handle: async ({ actor, body, params, request, once, isRepeated }) => {
        peerOf(request).hold?.()
        const hash = new Bun.CryptoHasher('sha256')
        const records = importRecords(hashed(body, hash))
        // A repeated request is answered although the account has data now.
        const mayRefuseEarly = !(await isRepeated())
        await using received = await core.configsync.imports.receive(
          actor,
          params.handle ?? '',
          records,
          mayRefuseEarly,
        )
        return await once(
          (who) => core.configsync.imports.store(who, received),
          (imported) => ({ status: 201, json: countsJson(imported) }),
          hash.digest('hex'),
        )
      },
    }),
  ]
}

async function* hashed(
  chunks: AsyncIterable<Uint8Array>,
  hash: Bun.CryptoHasher,
): AsyncGenerator<Uint8Array, void> {
  for await (const chunk of chunks) {
    hash.update(chunk)
    yield chunk
  }
}

function countsJson({ handle, rows }: ImportedAccount) {
  return {
    user_id: rows.user.id,
    handle,
    machines: rows.machine.length,
    entities: rows.entity.length,
    versions: rows.version.length,
    snapshots: rows.snapshot.length,
    variables: rows.variable.length,
  }
}
