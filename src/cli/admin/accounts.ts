import type { AdminClient } from '../lib/client'
import { command } from '../lib/command'
import { choosePassword, printWithPassword } from '../lib/passwords'
import { confirm } from '../lib/prompt'
import { tableOf } from '../lib/table'
import { printJson } from '../lib/terminal'
import { type Account, getAccount, normalName } from '../lib/wire'
import { adminCommand, whereArgs, withClient } from './index'

export const addAccount = command({
  args: {
    kind: { type: 'enum', options: ['human', 'agent'], required: true, description: 'Kind of account' },
    handle: {
      type: 'string',
      valueHint: 'name',
      required: true,
      description: 'The @name of the account; it cannot be changed later',
    },
    'display-name': {
      type: 'string',
      valueHint: 'text',
      description: 'Name to show; default: the handle',
    },
    email: { type: 'string', valueHint: 'address', description: 'Email address to store with the account' },
    password: { type: 'string', valueHint: 'text', description: 'Password for signing in (people only)' },
    admin: { type: 'boolean', description: 'Make the person a system admin' },
    ...whereArgs,
  },
  notes: [
    'For a person without --password, the terminal asks for one; without a terminal, a password is generated and',
    'printed once. An agent authenticates with a token: see issue-token and onboard-agent.',
  ],
  examples: [
    'synapse add-account --kind human --handle clint --display-name "Clint"',
    'synapse add-account --kind agent --handle cairn',
  ],
  async run({ args }) {
    // Asked before connecting, so that the lock of the home is not held while a person types.
    const chosen =
      args.kind === 'human' ? await choosePassword(args.password, args.handle) : { password: args.password }
    const account = await withClient(args, (client) =>
      createAccount(client, {
        kind: args.kind,
        handle: args.handle,
        display_name: args['display-name'],
        email: args.email,
        password: chosen.password,
        is_admin: args.admin,
      }),
    )
    const { id, handle, kind, display_name, is_admin } = account
    const admin = args.admin === true ? { is_admin } : {}
    const made = { id, handle, kind, display_name, ...admin }
    if ('generated' in chosen) await printWithPassword(made, chosen)
    else printJson(made)
    return undefined
  },
})

/** A request for a new account. Undefined fields are not sent. */
export interface NewAccount {
  readonly kind: Account['kind']
  readonly handle: string
  readonly display_name?: string | undefined
  readonly email?: string | undefined
  readonly password?: string | undefined
  readonly is_admin?: boolean | undefined
}

/** Creates an account, and makes it a system admin if `is_admin` is set. @throws CliError */
export async function createAccount(client: AdminClient, request: NewAccount): Promise<Account> {
  const created = await client.post<Account>('/v1/admin/accounts', request)
  if (request.is_admin !== true || created.is_admin) return created
  return client.patch<Account>(`/v1/admin/accounts/${created.id}`, { is_admin: true })
}

export const listAccounts = adminCommand({
  args: {},
  examples: ['synapse list-accounts'],
  async act(client) {
    const accounts = await client.list<Account>('/v1/admin/accounts')
    return accounts.map(({ id, handle, kind, display_name, is_admin, archived_at }) => ({
      id,
      handle,
      kind,
      display_name,
      archived: archived_at !== null,
      is_admin,
    }))
  },
  table: (accounts) =>
    tableOf(accounts, {
      HANDLE: ({ handle }) => handle,
      KIND: ({ kind }) => kind,
      NAME: ({ display_name }) => display_name,
      ADMIN: ({ is_admin }) => is_admin,
      ARCHIVED: ({ archived }) => archived,
      ID: ({ id }) => id,
    }),
})

const handleArg = { type: 'positional', required: true, description: 'The handle of the account' } as const

export const setAdmin = adminCommand({
  args: { handle: handleArg },
  examples: ['synapse set-admin clint'],
  act: (client, { handle }) => changeAdmin(client, handle, true),
})

export const unsetAdmin = adminCommand({
  args: { handle: handleArg },
  examples: ['synapse unset-admin clint'],
  act: (client, { handle }) => changeAdmin(client, handle, false),
})

async function changeAdmin(client: AdminClient, name: string, admin: boolean) {
  const found = await getAccount(client, name)
  const account = await client.patch<Account>(`/v1/admin/accounts/${found.id}`, { is_admin: admin })
  const { id, handle, kind, display_name, is_admin } = account
  return { id, handle, kind, display_name, is_admin }
}

export const setPassword = command({
  args: {
    handle: handleArg,
    password: { type: 'string', valueHint: 'text', description: 'The new password' },
    ...whereArgs,
  },
  notes: [
    'Without --password, the terminal asks for it; without a terminal, a password is generated and printed once.',
    'Ends every session of the person.',
  ],
  examples: ['synapse set-password clint'],
  async run({ args }) {
    const chosen = await choosePassword(args.password, args.handle)
    const { id, handle } = await withClient(args, async (client) => {
      const account = await getAccount(client, args.handle)
      return client.patch<Account>(`/v1/admin/accounts/${account.id}`, { password: chosen.password })
    })
    await printWithPassword({ id, handle }, chosen)
    return undefined
  },
})

export const archiveAccount = adminCommand({
  args: { handle: handleArg },
  notes: ['Ends the sessions and streams of the account. Its tokens do not work until it is unarchived.'],
  examples: ['synapse archive-account cairn'],
  act: (client, { handle }) => moveAccount(client, handle, 'archive'),
})

export const unarchiveAccount = adminCommand({
  args: { handle: handleArg },
  examples: ['synapse unarchive-account cairn'],
  act: (client, { handle }) => moveAccount(client, handle, 'unarchive'),
})

interface Erased {
  readonly mode: string
  readonly messages_deleted: number
  readonly messages_anonymized: number
  readonly tokens_revoked: number
  readonly done: boolean
}

export const eraseAccount = command({
  args: {
    handle: handleArg,
    mode: {
      type: 'enum',
      options: ['anonymize', 'delete_messages'],
      required: true,
      description: 'anonymize: its messages stay, without its name; delete_messages: they are deleted',
    },
    'redact-mentions': {
      type: 'boolean',
      description: 'Replace the handle where messages mention it',
    },
    yes: { type: 'boolean', description: 'Do not ask for confirmation' },
    ...whereArgs,
  },
  notes: [
    'Deletes the name, the profile, the credentials, the memberships and the reactions of the account for good. Its handle',
    'is free again. To keep a copy, run synapse export-account first. Backups keep what they have.',
  ],
  examples: [
    'synapse erase-account cairn --mode anonymize',
    'synapse erase-account clint --mode delete_messages --redact-mentions --yes',
  ],
  async run({ args }) {
    const { mode } = args
    const confirmed = normalName(args.handle)
    // Asked before connecting, so that the lock of the home is not held while a person decides.
    if (args.yes !== true) await confirm('erase-account', `Erase the account ${confirmed} for good?`)
    const erased = await withClient(args, async (client) => {
      const { id, handle } = await getAccount(client, confirmed)
      const request = { confirm: handle, mode, redact_mentions: args['redact-mentions'] ?? false }
      const answer = await client.post<Erased>(`/v1/admin/accounts/${id}/erase`, request)
      return { id, handle, ...answer }
    })
    printJson(erased)
    return undefined
  },
})

async function moveAccount(client: AdminClient, name: string, verb: 'archive' | 'unarchive') {
  const found = await getAccount(client, name)
  const account = await client.post<Account>(`/v1/admin/accounts/${found.id}/${verb}`)
  const { id, handle, kind, display_name, archived_at } = account
  return { id, handle, kind, display_name, archived: archived_at !== null, archived_at }
}
