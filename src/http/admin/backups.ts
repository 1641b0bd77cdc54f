import type { Host } from '../../core/kernel'
import { AppError } from '../../core/kernel/errors'
import { peerOf } from '../client'
import { type Endpoint, endpoint } from '../endpoint'
import { HttpError } from '../errors'
import { maybe, Type, text } from '../schema'

const request = Type.Object({
  label: maybe(text({ minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$' })),
  with_blobs: maybe(Type.Boolean()),
  passphrase: maybe(
    text({
      minLength: 8,
      maxLength: 1024,
      secret: true,
      description: 'Includes the keys, encrypted with this passphrase',
    }),
  ),
})

const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Union([schema, Type.Null()])

const made = Type.Object({
  file: nullable(Type.String({ description: 'The copy of the store; null on Postgres' })),
  dump: nullable(Type.String({ description: 'On Postgres: the command that copies the store' })),
  record: nullable(
    Type.Object({}, { additionalProperties: true, description: 'The contents of the side file' }),
  ),
  bytes: Type.Integer(),
  keys: nullable(Type.String()),
  blobs: nullable(Type.Integer({ description: 'Number of blobs in the copy' })),
  pruned: Type.Array(Type.String()),
  notices: Type.Array(Type.String()),
})

/** Backups are stored on the server's machine, so only a local operator creates them. */
export function backupEndpoints(host: Host): Endpoint[] {
  return [
    endpoint({
      method: 'POST',
      path: '/v1/admin/backups',
      who: 'admin',
      tag: 'Administration',
      summary: 'Create a backup while the server runs; local operator only',
      body: request,
      answers: { 201: { description: 'The files, as paths on the server’s machine', schema: made } },
      refusals: ['operator_only', 'backup_failed', 'storage_full'],
      handle: ({ request, actor, body, once }) => {
        if (actor.via !== 'operator')
          throw new AppError('forbidden', 'operator_only', 'Only the local operator makes backups')
        // Backing up a large store exceeds the idle time of a connection.
        peerOf(request).hold?.()
        return once(
          async (actor) => {
            const answer = await host.backups.create(actor, {
              label: body.label ?? null,
              blobs: body.with_blobs ?? false,
              ...(body.passphrase ? { passphrase: body.passphrase } : {}),
            })
            if ('made' in answer) return answer.made
            const { kind, problem, remedy } = answer.failed
            if (kind === 'storage_full')
              throw new AppError('storage_full', 'storage_full', problem, { fix: remedy })
            throw new HttpError(500, 'backup_failed', problem, { fix: remedy })
          },
          (made) => ({ status: 201, json: made }),
        )
      },
    }),
  ]
}
