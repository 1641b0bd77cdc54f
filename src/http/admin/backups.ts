import type { Actor } from '../../core/identity/actor'
import type { Host } from '../../core/kernel'
import { AppError } from '../../core/kernel/errors'
import { peerOf } from '../client'
import { type Endpoint, endpoint } from '../endpoint'
import { HttpError } from '../errors'
import { maybe, nullable, Type, text } from '../schema'

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

const pruned = Type.Object({
  pruned: Type.Array(Type.String(), { description: 'The backups that were removed, or would be' }),
  kept: Type.Array(Type.Object({ file: Type.String(), kept_by: Type.Array(Type.String()) }), {
    description: 'The other backups, and why each is kept: such as `daily`, `newest`, `labelled`',
  }),
  notices: Type.Array(Type.String()),
})

/** Backups are stored on the server's machine, so only a local operator creates and removes them. */
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
        refuseOthers(actor)
        // Backing up a large store exceeds the idle time of a connection.
        peerOf(request).hold?.()
        return once(
          async (actor) => {
            const answer = await host.backups.create(actor, {
              label: body.label ?? null,
              blobs: body.with_blobs ?? false,
              ...(body.passphrase ? { passphrase: body.passphrase } : {}),
            })
            return madeOf(answer)
          },
          (made) => ({ status: 201, json: made }),
        )
      },
    }),
    endpoint({
      method: 'POST',
      path: '/v1/admin/backups/prune',
      who: 'admin',
      tag: 'Administration',
      summary: 'Remove the backups that exceed the limits; local operator only',
      body: Type.Object({ dry_run: maybe(Type.Boolean({ description: 'Remove nothing' })) }),
      answers: { 200: { description: 'What was removed, and what was kept', schema: pruned } },
      refusals: ['operator_only', 'backup_failed', 'storage_full'],
      handle: ({ request, actor, body, once }) => {
        refuseOthers(actor)
        // A large backup is read completely first.
        peerOf(request).hold?.()
        return once(
          async () => madeOf(await host.backups.prune(body.dry_run ?? false)),
          (outcome) => ({ status: 200, json: outcome }),
        )
      },
    }),
  ]
}

function refuseOthers(actor: Actor): void {
  if (actor.via === 'operator') return
  throw new AppError('forbidden', 'operator_only', 'Only the local operator makes and removes backups')
}

/** Returns what was made. @throws storage_full, backup_failed */
function madeOf(answer: Awaited<ReturnType<Host['backups']['create']>>): object {
  if ('made' in answer) return answer.made
  const { kind, problem, remedy } = answer.failed
  if (kind === 'storage_full') throw new AppError('storage_full', 'storage_full', problem, { fix: remedy })
  throw new HttpError(500, 'backup_failed', problem, { fix: remedy })
}
