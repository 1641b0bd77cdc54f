import type { Core } from '../../core'
import type { ConfigSyncActor } from '../../core/configsync/actor'
import type { SyncLogin } from '../../core/configsync/logins'
import type { StoredKeypair } from '../../core/configsync/ports'
import { AppError, refusal } from '../../core/kernel/errors'
import { parseUuid } from '../../core/kernel/ids'
import { formatInstant } from '../../core/kernel/time'
import { clientOf, RequestOrigin } from '../client'
import { type Endpoint, endpoint } from '../endpoint'
import { HttpError } from '../errors'
import type { RequestContext } from '../request-context'
import { maybe, type Static, Type, text } from '../schema'
import { isSigned, judgeOf, noteFailure } from './credentials'
import { MOUNTS, syncEndpoint } from './endpoint'

const keypairFields = {
  public_key: text({ description: '32 bytes, base64' }),
  encrypted_private_key: text({ description: '60 bytes, base64' }),
  kek_salt: text({ description: '32 bytes, base64' }),
  kek_iterations: Type.Integer({ description: '100000 to 10000000' }),
  key_algorithm: text({ description: '`x25519`' }),
}

/** The check of a token, and the key pair of a user. */
export function authEndpoints(core: Core): Endpoint[] {
  return [
    ...MOUNTS.map((mount) => loginEndpoint(core, mount)),
    ...syncEndpoint(core, {
      method: 'DELETE',
      path: '/tokens/:id',
      summary: 'Revoke a token of yours',
      answers: { 200: { description: '`{"success":true,"message"}`' } },
      handle: async ({ actor, params }) => {
        const uuid = parseUuid(params.id ?? '')
        if (!uuid) throw new HttpError(400, 'invalid_id', 'the id of a token is a UUID')
        await core.configsync.logins.revokeToken(actor, uuid)
        return { status: 200, json: { success: true, message: 'token revoked' } }
      },
    }),
    ...syncEndpoint(core, {
      method: 'GET',
      path: '/auth/verify',
      rate: 'unlimited',
      summary: 'Check a token',
      answers: { 200: { description: '`{"valid":true,"user":{"id","handle"}}`' } },
      handle: ({ actor }) => ({
        status: 200,
        json: { valid: true, user: { id: actor.userId, handle: actor.handle } },
      }),
    }),
    ...syncEndpoint(core, {
      method: 'GET',
      path: '/auth/keypair',
      summary: 'Show your key pair',
      answers: { 200: { description: 'The key pair; 404 if there is none' } },
      handle: async ({ actor }) => {
        const keypair = await core.configsync.keypairs.find(actor)
        if (!keypair) throw new AppError('not_found', 'keypair_not_found', 'there is no keypair yet')
        return { status: 200, json: keypairJson(keypair) }
      },
    }),
    ...syncEndpoint(core, {
      method: 'POST',
      path: '/auth/keypair',
      summary: 'Store your key pair, once',
      body: Type.Object({
        ...keypairFields,
        kek_algorithm: maybe(text({ maxLength: 128 })),
        key_version: maybe(Type.Integer({ minimum: 1, maximum: 2_147_483_647 })),
      }),
      answers: { 201: { description: 'Stored' }, 200: { description: 'It was stored before' } },
      handle: ({ body, once }) =>
        once(
          async (actor) => {
            const version = body.key_version ?? 1
            const isNew = await core.configsync.keypairs.set(actor, {
              publicKey: body.public_key,
              encryptedPrivateKey: body.encrypted_private_key,
              kekSalt: body.kek_salt,
              kekIterations: body.kek_iterations,
              keyAlgorithm: body.key_algorithm,
              kekAlgorithm: body.kek_algorithm ?? null,
              keyVersion: version,
            })
            return isNew
          },
          (isNew) => ({
            status: isNew ? 201 : 200,
            json: { ok: true, key_version: body.key_version ?? 1 },
          }),
        ),
    }),
  ]
}

const secret = text({ secret: true })
const loginBody = Type.Object({
  token: maybe(secret),
  handle: maybe(text()),
  email: maybe(text()),
  password: maybe(secret),
})

function loginEndpoint(core: Core, mount: string): Endpoint {
  return endpoint({
    method: 'POST',
    path: `${mount}/auth/login`,
    duringDrain: true,
    who: 'anyone',
    tag: 'ConfigSync',
    documentation: 'none',
    summary: 'Exchange a token or a password for a signed token of short life',
    body: loginBody,
    answers: { 200: { description: '`{"token","token_type","expires_in","user":{"id","handle"}}`' } },
    handle: async ({ body, context, request }) => {
      const login = await logIn(core, body, context, request)
      const user = { id: login.userId, handle: login.handle }
      const { token, lifetimeSeconds } = login
      return { status: 200, json: { token, token_type: 'Bearer', expires_in: lifetimeSeconds, user } }
    },
  })
}

async function logIn(
  core: Core,
  { token, handle, email, password }: Static<typeof loginBody>,
  context: RequestContext,
  request: Request,
): Promise<SyncLogin> {
  const { logins } = core.configsync
  if (token) return core.configsync.logins.withToken(await ownerOf(core, token, context, request))
  const client = clientOf(core, request)
  if (handle && password) return logins.withPassword({ handle }, password, client)
  if (email && password) return logins.withPassword({ email }, password, client)
  throw new HttpError(400, 'incomplete', 'send a token, or a handle or email with a password')
}

/** @throws invalid_credentials for every token that does not let its bearer in; rate_limited */
async function ownerOf(
  core: Core,
  token: string,
  context: RequestContext,
  request: Request,
): Promise<ConfigSyncActor> {
  try {
    // A signed token would otherwise renew itself for ever.
    if (isSigned(token)) throw refusal('invalid_token')
    const judge = await judgeOf(core, token)
    const rule = { who: 'account', rate: 'unlimited', admitsSyncTokens: true } as const
    const origin = new RequestOrigin(request, core.settings, 'POST /api/auth/login', true)
    const actor = await context.enterBy(judge, rule, origin)
    return await core.configsync.users.actorOf(actor)
  } catch (error) {
    if (!(error instanceof AppError) || !/^(?:unauthenticated|forbidden)$/.test(error.kind)) throw error
    noteFailure(core, request)
    throw refusal('invalid_credentials')
  }
}

function keypairJson(keypair: StoredKeypair) {
  return {
    public_key: keypair.publicKey,
    encrypted_private_key: keypair.encryptedPrivateKey,
    kek_salt: keypair.kekSalt,
    kek_iterations: keypair.kekIterations,
    key_algorithm: keypair.keyAlgorithm,
    kek_algorithm: keypair.kekAlgorithm,
    key_version: keypair.keyVersion,
    created_at: formatInstant(keypair.createdAt),
    rotated_at: null,
  }
}
