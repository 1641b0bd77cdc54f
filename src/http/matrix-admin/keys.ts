import { AppError } from '../../core/kernel/errors'
import type { ShownKey } from '../../core/matrix/administration/keys'
import { type Endpoint, endpoint } from '../endpoint'
import { instant, instantSchema } from '../instants'
import { maybe, named, nullable, Type, text } from '../schema'
import { base, type MatrixAdminParts, tag } from './wire'

const keySchema = named(
  'MatrixKey',
  Type.Object({
    key_id: Type.String(),
    public_key: Type.String(),
    created_at: instantSchema,
    expired_at: nullable(Type.String({ format: 'date-time', description: 'Null: it signs' })),
  }),
)
const answers = { 200: { description: 'All keys, newest first', schema: Type.Array(keySchema) } }

/** The keys with which the homeserver signs. */
export function keyEndpoints({ matrix }: MatrixAdminParts): Endpoint[] {
  return [
    endpoint({
      method: 'GET',
      path: `${base}/keys`,
      who: 'admin',
      tag,
      summary: 'List the signing keys, without their secrets',
      answers,
      handle: async ({ actor }) => ({
        status: 200,
        json: (await matrix().keys.list(actor)).map(keyJson),
      }),
    }),
    endpoint({
      method: 'PUT',
      path: `${base}/keys/current`,
      who: 'admin',
      tag,
      summary: 'Sign with another key from now on: a new one, or that of a key file',
      description: 'Others go on verifying what the earlier keys signed.',
      body: Type.Object({
        key: maybe(
          text({
            maxLength: 1000,
            secret: true,
            description: 'A line `ed25519 <version> <seed>`; absent = a new one',
          }),
        ),
      }),
      answers,
      refusals: ['invalid_key_file', 'key_exists'],
      handle: async ({ actor, body }) => {
        const { keys } = matrix()
        const now = body.key == null ? await keys.rotate(actor) : await keys.adopt(actor, body.key)
        return { status: 200, json: now.map(keyJson) }
      },
    }),
    endpoint({
      method: 'GET',
      path: `${base}/keys/current`,
      who: 'admin',
      tag,
      rate: 'write',
      summary: 'Show the key that signs, with its secret, to the local operator; this is audited',
      answers: {
        200: {
          description: 'A key file that other homeservers read, too',
          schema: Type.Object({ key_id: Type.String(), key: Type.String() }),
        },
      },
      refusals: ['operator_only'],
      handle: async ({ actor }) => {
        if (actor.via !== 'operator')
          throw new AppError('forbidden', 'operator_only', 'Only the local operator sees the signing key')
        const { keyId, text: key } = await matrix().keys.export(actor)
        return { status: 200, json: { key_id: keyId, key } }
      },
    }),
  ]
}

function keyJson({ keyId, publicKey, createdAt, expiredAt }: ShownKey) {
  return {
    key_id: keyId,
    public_key: publicKey,
    created_at: instant(createdAt),
    expired_at: instant(expiredAt),
  }
}
