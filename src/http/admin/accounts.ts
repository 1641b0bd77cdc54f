import type { Core } from '../../core'
import type { Account } from '../../core/kernel/entities'
import type { Reads } from '../../core/kernel/ports'
import { type Endpoint, endpoint } from '../endpoint'
import { instant } from '../instants'
import { listQuery, pageAnswer, pageOf } from '../list-pages'
import { presenceJson } from '../presence-wire'
import { displayName, given, profileFields } from '../profile-wire'
import { maybe, oneOf, Type, text } from '../schema'
import { accountJson, accountSchema, idOf, listedAccountSchema } from './wire'

const email = text({ maxLength: 254, form: 'address', pattern: '^[^@\\s]+@[^@\\s]+$' })
const password = text({ secret: true })

const newAccount = Type.Object({
  kind: oneOf(['human', 'agent']),
  handle: text({ minLength: 1, maxLength: 64 }),
  display_name: maybe(displayName),
  email: maybe(email),
  password: maybe(password),
  is_admin: maybe(Type.Boolean({ description: 'System administrator; humans only' })),
})

const accountPatch = Type.Object({
  display_name: maybe(displayName),
  email: maybe(email),
  password: maybe(password),
  is_admin: maybe(Type.Boolean()),
  chain_limit: maybe(Type.Union([Type.Integer({ minimum: 0, maximum: 1000 }), Type.Literal('inherit')])),
  ...profileFields,
})

export function accountEndpoints(core: Core): Endpoint[] {
  const json = async (account: Account, reads?: Reads) =>
    accountJson(account, (await core.usage.ofAccounts([account.id], reads)).get(account.id) ?? null)
  const change = (verb: 'archive' | 'unarchive') =>
    endpoint({
      method: 'POST',
      path: `/v1/admin/accounts/:id/${verb}`,
      who: 'admin',
      tag: 'Administration',
      summary:
        verb === 'archive' ? 'Archive an account: its sessions and streams end' : 'Unarchive an account',
      answers: { 200: { description: 'The account', schema: accountSchema } },
      refusals: [
        'invalid_id',
        'account_not_found',
        ...(verb === 'unarchive' ? (['account_erased'] as const) : []),
      ],
      handle: ({ params, once }) =>
        once(
          (actor) => core.accounts[verb](actor, idOf(params.id, 'account id')),
          async (account, reads) => ({ status: 200, json: await json(account, reads) }),
        ),
    })
  return [
    endpoint({
      method: 'GET',
      path: '/v1/admin/accounts',
      who: 'admin',
      tag: 'Administration',
      summary: 'List all accounts, by handle',
      query: Type.Object(listQuery),
      answers: { 200: { description: 'A bare array', schema: Type.Array(listedAccountSchema) } },
      refusals: ['invalid_cursor'],
      handle: async ({ actor, query }) => {
        return pageAnswer(core.pace, pageOf(query), {
          read: async (page) => {
            const accounts = await core.accounts.list(actor, page)
            // Each of these reads as many rows again.
            const loop = core.pace.loop()
            loop.did(accounts.length)
            await loop.turn()
            const used = await core.usage.tokensOfAccounts(accounts.map(({ id }) => id))
            loop.did(used.size)
            await loop.turn()
            const counts = await core.accounts.channelCounts(accounts)
            loop.did(counts.size)
            await loop.turn()
            const presences = await core.presenceView.of(accounts)
            return presences.map((presence) => ({ presence, used, counts }))
          },
          keyOf: ({ presence }) => presence.account.handle,
          toJson: ({ presence, used, counts }) => ({
            ...accountJson(presence.account, presence.observed.lastSeenAt),
            channel_count: counts.get(presence.account.id) ?? 0,
            token_used_at: instant(used.get(presence.account.id) ?? null),
            presence: presenceJson(presence),
          }),
        })
      },
    }),
    endpoint({
      method: 'POST',
      path: '/v1/admin/accounts',
      who: 'admin',
      tag: 'Administration',
      summary: 'Create an account: a human with a password, or an agent',
      body: newAccount,
      answers: { 201: { description: 'The account', schema: accountSchema } },
      refusals: [
        'handle_exists',
        'invalid_handle',
        'password_required',
        'password_not_allowed',
        'weak_password',
        'agents_use_scopes',
        'quota_exceeded',
      ],
      handle: ({ body, once }) =>
        once(
          (actor) =>
            core.accounts.create(actor, {
              kind: body.kind,
              handle: body.handle,
              ...given('displayName', body.display_name),
              ...given('email', body.email),
              ...given('password', body.password),
              ...given('isAdmin', body.is_admin),
            }),
          (account) => ({ status: 201, json: accountJson(account, null) }),
        ),
    }),
    endpoint({
      method: 'PATCH',
      path: '/v1/admin/accounts/:id',
      who: 'admin',
      tag: 'Administration',
      summary: 'Change an account; null leaves a field unchanged',
      body: accountPatch,
      answers: { 200: { description: 'The account', schema: accountSchema } },
      refusals: [
        'invalid_id',
        'account_not_found',
        'account_erased',
        'humans_only_password',
        'weak_password',
        'agents_use_scopes',
      ],
      handle: async ({ actor, params, body }) => {
        const limit = body.chain_limit
        const account = await core.accounts.update(actor, idOf(params.id, 'account id'), {
          ...given('displayName', body.display_name),
          ...given('email', body.email),
          ...given('password', body.password),
          ...given('isAdmin', body.is_admin),
          ...(limit === null || limit === undefined
            ? {}
            : { chainLimit: limit === 'inherit' ? null : limit }),
          ...given('about', body.about),
          ...given('capabilities', body.capabilities),
          ...given('residency', body.residency),
        })
        return { status: 200, json: await json(account) }
      },
    }),
    change('archive'),
    change('unarchive'),
  ]
}
