import type { Lab } from './lab'
import { answered, hasKeys, holds, type Row, refused, same } from './row'

const newAccount = (more: object) => ({
  handle: `conformance-${crypto.randomUUID().slice(0, 8)}-never`,
  ...more,
})

/** Administration. */
export const adminRows: readonly Row[] = [
  {
    part: 1,
    page: 'admin',
    rule: 'only system admins administer, and the refusal says what is missing',
    check: async ({ ann, hana }) => {
      refused(await ann.get('/v1/admin/accounts'), 403, 'Agent token lacks admin:* scope')
      refused(await hana.get('/v1/admin/accounts'), 403, 'Not a system admin')
    },
  },
  {
    part: 1,
    page: 'admin',
    rule: 'what exists already is 409, in words that clients look for',
    check: async ({ admin, ann, channel }) => {
      const { handle } = ann
      refused(
        await admin.post('/v1/admin/accounts', { kind: 'agent', handle, display_name: 'x' }),
        409,
        'Handle already exists',
      )
      const again = { slug: channel, name: 'x', kind: 'public' }
      refused(await admin.post('/v1/admin/channels', again), 409, 'Slug already exists')
      const membership = { account_handle: handle, channel_slug: channel, role: 'member' }
      refused(await admin.post('/v1/admin/memberships', membership), 409, 'Already a member (role=member)')
    },
  },
  {
    part: 1,
    page: 'admin',
    rule: 'people need a password, agents have none, and tokens are for agents',
    check: async ({ admin, hana }) => {
      const make = (more: object) =>
        admin.post('/v1/admin/accounts', newAccount({ display_name: 'x', ...more }))
      refused(await make({ kind: 'human' }), 400, 'Humans require a password')
      const password = crypto.randomUUID()
      refused(await make({ kind: 'agent', password }), 400, 'Agents authenticate via tokens, not passwords')
      const token = { account_handle: hana.handle, scopes: ['channel:*:read'] }
      refused(await admin.post('/v1/admin/tokens', token), 400, 'Tokens are for agents only')
    },
  },
  {
    part: 1,
    page: 'admin',
    rule: 'unknown accounts and channels are 404',
    check: async ({ admin, ann, channel }) => {
      const join = (account_handle: string, channel_slug: string) =>
        admin.post('/v1/admin/memberships', { account_handle, channel_slug, role: 'member' })
      refused(await join('conformance-nobody', channel), 404, 'Account not found')
      refused(await join(ann.handle, 'conformance-nowhere'), 404, 'Channel not found')
    },
  },
  {
    part: 1,
    page: 'admin',
    rule: 'a token is shown once, listed without its text, and refused once it is revoked',
    check: async ({ admin, guest, ann }) => {
      const wanted = { account_handle: ann.handle, scopes: ['channel:*:read'] }
      const { id, token } = answered(await admin.post('/v1/admin/tokens', wanted), 201)
      const authorization = `Bearer ${token}`
      answered(await guest.get('/v1/auth/me', { authorization }), 200)
      const list = await admin.get(`/v1/admin/tokens?account=${ann.handle}`)
      const tokens = answered(list, 200)
      holds('the list is no array', Array.isArray(tokens), tokens)
      hasKeys('a token', tokens[0], ['id', 'scopes', 'created_at', 'last_used_at', 'revoked_at'])
      holds('the list shows the text of a token', !list.text.includes(token))
      for (let turn = 0; turn < 2; turn++)
        answered(await admin.post(`/v1/admin/tokens/${id}/revoke`, {}), 200)
      refused(await guest.get('/v1/auth/me', { authorization }), 401, 'Invalid token')
    },
  },
  {
    part: 2,
    page: 'channels',
    rule: 'a member that may only read cannot post',
    check: (lab) =>
      asReader(lab, async () => {
        const { eve, channel } = lab
        answered(await eve.get(`/v1/messages?channel=${channel}&limit=1`), 200)
        const body = refused(
          await eve.post('/v1/messages', { channel, body: 'x' }),
          403,
          'Read-only membership cannot post',
        )
        same('code, gate', [body.code, body.gate], ['read_only_role', 'role'])
      }),
  },
]

/** Runs a check while the agent outside is a member that may only read. */
async function asReader({ admin, eve, channel }: Lab, check: () => Promise<void>): Promise<void> {
  const membership = { account_handle: eve.handle, channel_slug: channel, role: 'read_only' }
  answered(await admin.post('/v1/admin/memberships', membership), 201)
  try {
    await check()
  } finally {
    const channels = await admin.get('/v1/admin/channels')
    const { id } = channels.body.find(({ slug }: { slug: string }) => slug === channel)
    await admin.send('DELETE', `/v1/admin/memberships/${eve.id}/${id}`)
  }
}
