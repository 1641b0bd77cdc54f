import { CliError, UsageError } from '../lib/cli-error'
import { command } from '../lib/command'
import type { Where } from '../lib/connect'
import { parseDuration } from '../lib/duration'
import { EXIT } from '../lib/exit-codes'
import { joinSnippet } from '../lib/join-snippet'
import { publicUrl, serverAddress } from '../lib/server-address'
import { localMinute, tableOf } from '../lib/table'
import { jsonOf, type Loss, note, printOnce } from '../lib/terminal'
import { words } from '../lib/text'
import type { IssuedToken, Onboarded, Token } from '../lib/wire'
import { adminCommand, whereArgs, withClient } from './index'

const WARNING = 'This token is shown once; the server keeps only a hash of it.'

export const issueToken = command({
  args: {
    account: { type: 'string', valueHint: 'handle', required: true, description: 'Handle of the agent' },
    scopes: {
      type: 'string',
      valueHint: 'list',
      required: true,
      description: 'Scopes, separated by commas, such as channel:*:read',
    },
    name: { type: 'string', valueHint: 'text', description: 'Name to show in lists' },
    actors: {
      type: 'string',
      valueHint: 'list',
      description:
        'Handles that the token may act as with X-Synapse-Actor, separated by commas; * means all but admins',
    },
    'expires-in': {
      type: 'string',
      valueHint: '30d',
      description: 'Time until the token expires; default: never',
    },
    ...whereArgs,
  },
  examples: [
    'synapse issue-token --account cairn --scopes "channel:family-ops:read,channel:family-ops:post"',
    'synapse issue-token --account cairn --scopes "admin:*" --name deploy --expires-in 30d',
    'synapse issue-token --account cairn --scopes "channel:*:read,channel:*:post" --actors clint',
  ],
  async run({ args }) {
    const lasts =
      args['expires-in'] === undefined ? undefined : parseDuration(args['expires-in'], '--expires-in')
    const request = (expiresAt: string | undefined) => ({
      account_handle: args.account,
      scopes: words(args.scopes),
      name: args.name,
      actors: args.actors === undefined ? undefined : words(args.actors),
      expires_at: expiresAt,
    })
    const issued = await withClient(args, async (client) => {
      const end = lasts === undefined ? undefined : (await client.moment()).getTime() + lasts
      const expiresAt = end === undefined ? undefined : new Date(end).toISOString()
      return client.post<IssuedToken>('/v1/admin/tokens', request(expiresAt))
    })
    const { id, account_handle: account, scopes, token, name, actors, expires_at } = issued
    const answer = {
      id,
      account,
      scopes,
      ...(args.name === undefined ? {} : { name }),
      ...(args.actors === undefined ? {} : { actors }),
      ...(lasts === undefined ? {} : { expires_at }),
      token,
      _warning: WARNING,
    }
    await printOnce(jsonOf(answer), [lostToken(args, id)])
    return undefined
  },
})

export const onboardAgent = command({
  args: {
    handle: {
      type: 'string',
      valueHint: 'name',
      required: true,
      description: 'Handle of the agent; the account is created if it does not exist',
    },
    channels: {
      type: 'string',
      valueHint: 'list',
      required: true,
      description: 'Channels to join, separated by commas; they must exist',
    },
    'display-name': {
      type: 'string',
      valueHint: 'text',
      description: 'Name to show; default: the handle',
    },
    'read-only': { type: 'boolean', description: 'Let the agent read these channels but not post' },
    ...whereArgs,
  },
  notes: [
    'Safe to run again: existing accounts and memberships stay as they are, and each run issues another token.',
  ],
  examples: ['synapse onboard-agent --handle cairn --channels family-ops,general --display-name "Cairn"'],
  async run({ args }) {
    const channels = words(args.channels)
    if (channels.length === 0) throw new UsageError('--channels must name at least one channel')
    const request = {
      handle: args.handle,
      channels,
      display_name: args['display-name'],
      read_only: args['read-only'],
    }
    const { onboarded, address } = await withClient(args, async (client) => ({
      onboarded: await client.post<Onboarded>('/v1/admin/onboard', request),
      address: serverAddress(args, client.way, await publicUrl(client)),
    }))
    const { handle, token } = onboarded
    const channel = args['read-only'] === true ? undefined : channels[0]
    const next = joinSnippet({ url: address.url, handle, token, channel })
    const { account_created, channels_joined, channels_already_member, token_scopes } = onboarded
    const answer = {
      handle,
      account_created,
      channels_joined,
      channels_already_member,
      token_scopes,
      token,
      _warning: WARNING,
      _next: next,
    }
    await printOnce(jsonOf(answer), [lostToken(args, onboarded.token_id)])
    if (process.stderr.isTTY) note(`\nOn the machine of @${handle}, paste:\n\n${next}`)
    return undefined
  },
})

/** Revokes a token that could not be shown. */
export function lostToken(where: Where, id: string | undefined): Loss {
  const stays = 'the token could not be shown and could not be revoked'
  if (id === undefined)
    return { otherwise: `${stays}: synapse list-tokens, then synapse revoke-token --id ID` }
  return {
    takeBack: () => withClient(where, (client) => client.post(`/v1/admin/tokens/${id}/revoke`)),
    done: 'the token could not be shown and was revoked; run the command again to get another one',
    otherwise: `${stays}: synapse revoke-token --id ${id}`,
  }
}

export const revokeToken = adminCommand({
  args: {
    id: {
      type: 'string',
      valueHint: 'uuid',
      required: true,
      description: 'Id of the token, as list-tokens shows it',
    },
  },
  notes: ['Fails if the token was already revoked.'],
  examples: ['synapse revoke-token --id 0190b2f4-6c1d-7a54-9d3e-2f4a5b6c7d8e'],
  async act(client, args) {
    const before = await client.moment()
    const token = await client.post<Token>(`/v1/admin/tokens/${encodeURIComponent(args.id)}/revoke`)
    // The request can be repeated, and its answer does not say whether it was the first.
    if (token.revoked_at !== null && new Date(token.revoked_at) < before)
      throw new CliError(EXIT.failure, `this token was already revoked at ${token.revoked_at}`)
    return { id: token.id, revoked_at: token.revoked_at }
  },
})

export const listTokens = adminCommand({
  args: {
    account: { type: 'string', valueHint: 'handle', required: true, description: 'Handle of the agent' },
  },
  examples: ['synapse list-tokens --account cairn'],
  async act(client, args) {
    const tokens = await client.list<Token>('/v1/admin/tokens', { account: args.account })
    return tokens.map(({ id, scopes, created_at, last_used_at, revoked_at, name, expires_at }) => ({
      id,
      scopes,
      created_at,
      last_used_at,
      revoked_at,
      name,
      expires_at,
    }))
  },
  table: (tokens) =>
    tableOf(
      tokens,
      {
        ID: ({ id }) => id,
        NAME: ({ name }) => name,
        USED: ({ last_used_at }) => localMinute(last_used_at) || 'never',
        ENDS: ({ revoked_at, expires_at }) =>
          revoked_at === null ? localMinute(expires_at) || 'never' : 'revoked',
        SCOPES: ({ scopes }) => scopes.join(', '),
      },
      'To revoke one: synapse revoke-token --id ID',
    ),
})
