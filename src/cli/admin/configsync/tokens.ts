import { command } from '../../lib/command'
import { parseDuration } from '../../lib/duration'
import { publicUrl, serverAddress } from '../../lib/server-address'
import { localMinute, tableOf } from '../../lib/table'
import { jsonOf, note, printOnce } from '../../lib/terminal'
import type { IssuedToken, Token } from '../../lib/wire'
import { adminCommand, whereArgs, withClient } from '../index'
import { lostToken } from '../tokens'
import { handleArg, userPath } from './index'

export const issue = command({
  args: {
    handle: handleArg,
    label: {
      type: 'string',
      valueHint: 'text',
      required: true,
      description: 'Name to show, such as the machine',
    },
    expires: {
      type: 'string',
      valueHint: '90d',
      description: 'Time until the token expires; default: never',
    },
    'read-only': {
      type: 'boolean',
      description: 'The token only reads; clients need one that writes to log in',
    },
    ...whereArgs,
  },
  notes: ['Issue one for each machine: a lost machine is then locked out alone.'],
  examples: [
    'synapse configsync token issue ada --label laptop',
    'synapse configsync token issue ada --label laptop --expires 90d',
  ],
  async run({ args }) {
    const lasts = args.expires === undefined ? undefined : parseDuration(args.expires, '--expires')
    const { issued, address } = await withClient(args, async (client) => {
      const end = lasts === undefined ? undefined : (await client.moment()).getTime() + lasts
      const request = {
        label: args.label,
        read_only: args['read-only'] ?? false,
        expires_at: end === undefined ? undefined : new Date(end).toISOString(),
      }
      return {
        issued: await client.post<IssuedToken>(`${userPath(args.handle)}/tokens`, request),
        address: serverAddress(args, client.way, await publicUrl(client)),
      }
    })
    const { id, account_handle, name, scopes, expires_at, token } = issued
    const next = `configsync login --api-url ${address.url} --token ${token}`
    const answer = { id, account: account_handle, label: name, scopes, expires_at, token, _next: next }
    await printOnce(jsonOf(answer), [lostToken(args, id)])
    if (process.stderr.isTTY) note(`\nThe token is shown once. On the machine, run:\n\n${next}`)
    return undefined
  },
})

export const list = adminCommand({
  args: { handle: handleArg },
  examples: ['synapse configsync token list ada'],
  async act(client, { handle }) {
    const tokens = await client.get<Token[]>(`${userPath(handle)}/tokens`)
    return tokens.map(({ id, name, scopes, created_at, last_used_at, expires_at, revoked_at }) => ({
      ...{ id, label: name, scopes, created_at, last_used_at, expires_at, revoked_at },
    }))
  },
  table: (tokens) =>
    tableOf(tokens, {
      LABEL: ({ label }) => label,
      USED: ({ last_used_at }) => localMinute(last_used_at) || 'never',
      ENDS: ({ revoked_at, expires_at }) =>
        revoked_at === null ? localMinute(expires_at) || 'never' : 'revoked',
      ID: ({ id }) => id,
    }),
})

export const revoke = adminCommand({
  args: {
    handle: handleArg,
    id: { type: 'positional', required: true, description: 'The id of the token, as token list shows it' },
  },
  examples: ['synapse configsync token revoke ada 0190b2f4-6c1d-7a54-9d3e-2f4a5b6c7d8e'],
  async act(client, { handle, id }) {
    const path = `${userPath(handle)}/tokens/${encodeURIComponent(id)}/revoke`
    const token = await client.post<Token>(path)
    return { id: token.id, label: token.name, revoked_at: token.revoked_at }
  },
})
