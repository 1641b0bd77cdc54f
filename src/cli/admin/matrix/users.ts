import type { AdminClient } from '../../lib/client'
import { command } from '../../lib/command'
import { choosePassword } from '../../lib/passwords'
import { confirm } from '../../lib/prompt'
import { localMinute, tableOf } from '../../lib/table'
import { jsonOf, printJson, printOnce } from '../../lib/terminal'
import { whereArgs } from '../index'
import { BASE, factsTable, matrixCommand, pathOf, shownBytes, userArg, withHomeserver } from './index'

interface User {
  readonly user_id: string
  readonly handle: string
  readonly display_name: string
  readonly kind: string
  readonly is_admin: boolean
  readonly locked: boolean
  readonly suspended: boolean
  readonly archived_at: string | null
  readonly deactivated_at: string | null
}

interface Device {
  readonly device_id: string
  readonly name: string | null
  readonly created_at: string
  readonly last_seen_at: string | null
  readonly last_seen_ip: string | null
}

interface WholeUser extends User {
  readonly rooms: number
  readonly media: { readonly files: number; readonly bytes: number }
  readonly devices: readonly Device[]
  readonly pushers: readonly Pusher[]
}

export const register = command({
  args: {
    user: {
      type: 'string',
      valueHint: 'name',
      required: true,
      description: 'The part of the user id before the colon; it cannot be changed later',
    },
    password: { type: 'string', valueHint: 'text', description: 'Password for signing in' },
    'display-name': {
      type: 'string',
      valueHint: 'text',
      description: 'Name to show; default: the user name',
    },
    admin: { type: 'boolean', description: 'Make the person a system admin' },
    ...whereArgs,
  },
  notes: [
    'Works whatever matrix.registration says. Without --password, the terminal asks for one; without a terminal, a password',
    'is generated and printed once.',
  ],
  examples: [
    'synapse matrix register --user ada',
    'synapse matrix register --user ada --password "correct horse battery" --admin',
  ],
  async run({ args }) {
    const chosen = await choosePassword(args.password, args.user)
    const made = await withHomeserver(args, (client) =>
      client.put<User>(pathOf('users', args.user), {
        password: chosen.password,
        display_name: args['display-name'],
        is_admin: args.admin ?? false,
      }),
    )
    const { user_id, handle, display_name, is_admin } = made
    const answer = { user_id, handle, display_name, is_admin }
    if (!chosen.generated) printJson(answer)
    else
      await printOnce(
        jsonOf({
          ...answer,
          password: chosen.password,
          _warning: 'This password is shown once; it cannot be looked up later.',
        }),
        [
          {
            otherwise: `${user_id} has a new password that could not be shown; set another one: synapse set-password ${handle}`,
          },
        ],
      )
    return undefined
  },
})

export const listUsers = matrixCommand({
  args: {},
  examples: ['synapse matrix user list'],
  act: (client) => client.list<User>(`${BASE}/users`),
  table: (users) =>
    tableOf(users, {
      USER: ({ user_id }) => user_id,
      NAME: ({ display_name }) => display_name,
      KIND: ({ kind }) => kind,
      ADMIN: ({ is_admin }) => is_admin,
      STATE: stateOf,
    }),
})

export const showUser = matrixCommand({
  args: { user: userArg },
  examples: ['synapse matrix user show ada', 'synapse matrix user show @ada:example.org'],
  act: (client, { user }) => client.get<WholeUser>(pathOf('users', user)),
  table: (user) =>
    factsTable({
      user: user.user_id,
      handle: user.handle,
      name: user.display_name,
      kind: user.kind,
      admin: user.is_admin,
      state: stateOf(user) || 'active',
      rooms: user.rooms,
      files: `${user.media.files} (${shownBytes(user.media.bytes)})`,
      devices: user.devices.length,
      pushers: user.pushers.length,
    }),
})

export const devices = matrixCommand({
  args: { user: userArg },
  examples: ['synapse matrix user devices ada'],
  act: async (client, { user }) => (await client.get<WholeUser>(pathOf('users', user))).devices,
  table: (rows) =>
    tableOf(rows, {
      DEVICE: ({ device_id }) => device_id,
      NAME: ({ name }) => name,
      SEEN: ({ last_seen_at }) => localMinute(last_seen_at),
      FROM: ({ last_seen_ip }) => last_seen_ip,
      SINCE: ({ created_at }) => localMinute(created_at),
    }),
})

interface Pusher {
  readonly user_id?: string
  readonly app_id: string
  readonly app_display_name: string
  readonly device_display_name: string
  readonly url: string
  readonly failures: number
  readonly failing_since: string | null
}

export const pushers = matrixCommand({
  args: { user: { ...userArg, required: false, description: 'Only of this user: a whole id, or a handle' } },
  notes: ['Shows which push gateways are called, and since when that fails.'],
  examples: ['synapse matrix pushers', 'synapse matrix pushers ada'],
  async act(client, { user }): Promise<readonly Pusher[]> {
    if (user === undefined)
      return (await client.get<{ pushers: readonly Pusher[] }>(`${BASE}/pushers`)).pushers
    const found = await client.get<WholeUser>(pathOf('users', user))
    return found.pushers.map((pusher) => ({ user_id: found.user_id, ...pusher }))
  },
  table: (rows) =>
    tableOf(rows, {
      USER: ({ user_id }) => user_id,
      DEVICE: ({ device_display_name }) => device_display_name,
      APP: ({ app_display_name }) => app_display_name,
      STATE: ({ failures, failing_since }) =>
        failing_since === null ? 'ok' : `${failures} failed since ${localMinute(failing_since)}`,
      GATEWAY: ({ url }) => url,
    }),
})

export const logout = matrixCommand({
  args: {
    user: userArg,
    device: { type: 'string', valueHint: 'id', description: 'Only this device; default: all of them' },
  },
  notes: ['Browser sessions stay, and so do the tokens of agents: see revoke-token.'],
  examples: ['synapse matrix user logout ada', 'synapse matrix user logout ada --device KQJWUZNBRA'],
  async act(client, { user, device }) {
    if (device === undefined) return client.delete<object>(`${pathOf('users', user)}/devices`)
    await client.delete(pathOf('users', user, 'devices', device))
    return { user, device, ended: 1 }
  },
})

export const lock = matrixCommand({
  args: { user: userArg },
  notes: [
    'Its devices stay signed in, and can do nothing but log out until it is unlocked. It can still use the web console and',
    'its tokens: archive-account ends those as well.',
  ],
  examples: ['synapse matrix user lock ada'],
  act: (client, { user }) => setStanding(client, user, { locked: true }),
})

export const unlock = matrixCommand({
  args: { user: userArg },
  examples: ['synapse matrix user unlock ada'],
  act: (client, { user }) => setStanding(client, user, { locked: false }),
})

export const suspend = matrixCommand({
  args: { user: userArg, undo: { type: 'boolean', description: 'Let it write again' } },
  notes: [
    'A suspended user reads, leaves rooms and redacts its own events, and writes nothing else over Matrix.',
  ],
  examples: ['synapse matrix user suspend ada', 'synapse matrix user suspend ada --undo'],
  act: (client, { user, undo }) => setStanding(client, user, { suspended: undo !== true }),
})

export const deactivate = command({
  args: {
    user: userArg,
    erase: { type: 'boolean', description: 'Who joins its rooms later sees its events redacted' },
    yes: { type: 'boolean', description: 'Do not ask for confirmation' },
    ...whereArgs,
  },
  notes: [
    'Archives the account for good: its devices, keys, profile and account data go, it leaves its rooms, and its id is never',
    'used again. Its messages stay: erase-account deletes or anonymizes them.',
  ],
  examples: ['synapse matrix user deactivate ada', 'synapse matrix user deactivate ada --erase --yes'],
  async run({ args }) {
    if (args.yes !== true) await confirm('matrix user deactivate', `Deactivate ${args.user} for good?`)
    const gone = await withHomeserver(args, (client) =>
      client.delete<User>(`${pathOf('users', args.user)}?erase=${args.erase === true}`),
    )
    printJson(gone)
    return undefined
  },
})

function setStanding(client: AdminClient, user: string, change: object): Promise<User> {
  return client.patch<User>(pathOf('users', user), change)
}

function stateOf({ locked, suspended, archived_at, deactivated_at }: User): string {
  const words = [
    deactivated_at === null ? (archived_at === null ? '' : 'archived') : 'deactivated',
    locked ? 'locked' : '',
    suspended ? 'suspended' : '',
  ]
  return words.filter((word) => word !== '').join(', ')
}
