import { command } from '../../lib/command'
import { confirm } from '../../lib/prompt'
import { tableOf } from '../../lib/table'
import { printJson } from '../../lib/terminal'
import { whereArgs } from '../index'
import { BASE, factsTable, matrixCommand, pathOf, roomArg, withHomeserver } from './index'

interface Room {
  readonly room_id: string
  readonly channel: string
  readonly name: string
  readonly kind: string
  readonly version: string
  readonly born: 'channel' | 'matrix'
  readonly federate: boolean
  readonly published: boolean
  readonly blocked: boolean
  readonly archived_at: string | null
}

interface WholeRoom extends Room {
  readonly memberships: Readonly<Record<string, number>>
  readonly aliases: readonly string[]
  readonly state: Readonly<Record<string, unknown>>
}

/** Letting thousands of members leave takes long. */
const HOUR_MS = 3_600_000

export const listRooms = matrixCommand({
  args: {},
  examples: ['synapse matrix room list'],
  act: (client) => client.list<Room & { readonly members: number }>(`${BASE}/rooms`),
  table: (rooms) =>
    tableOf(rooms, {
      CHANNEL: ({ channel }) => channel,
      NAME: ({ name }) => name,
      KIND: ({ kind }) => kind,
      BORN: ({ born }) => born,
      MEMBERS: ({ members }) => members,
      STATE: stateOf,
      ROOM: ({ room_id }) => room_id,
    }),
})

export const showRoom = matrixCommand({
  args: { room: roomArg },
  notes: ['With --json also the power levels and the rules of the room.'],
  examples: ['synapse matrix room show general', 'synapse matrix room show "#hall:example.org"'],
  act: (client, { room }) => client.get<WholeRoom>(pathOf('rooms', room)),
  table: (room) =>
    factsTable({
      room: room.room_id,
      channel: room.channel,
      name: room.name,
      kind: room.kind,
      born: room.born,
      version: room.version,
      state: stateOf(room) || 'open',
      published: room.published,
      members: Object.entries(room.memberships)
        .map(([word, count]) => `${count} ${word}`)
        .join(', '),
      aliases: room.aliases.join(', '),
    }),
})

export const members = matrixCommand({
  args: { room: roomArg },
  notes: ['Also those who are invited, knock, are banned or have left.'],
  examples: ['synapse matrix room members general'],
  act: (client, { room }) =>
    client.list<{ user_id: string; membership: string }>(`${pathOf('rooms', room)}/members`),
  table: (rows) =>
    tableOf(rows, { USER: ({ user_id }) => user_id, MEMBERSHIP: ({ membership }) => membership }),
})

export const makeAdmin = matrixCommand({
  args: {
    room: roomArg,
    user: {
      type: 'string',
      valueHint: 'user',
      required: true,
      description: 'Whole id or handle of the user',
    },
  },
  notes: [
    'Brings the user in if it is no member. In a room made over Matrix the member with the most power does it.',
  ],
  examples: ['synapse matrix room make-admin general --user ada'],
  act: (client, { room, user }) => client.put<Room>(pathOf('rooms', room, 'admins', user), {}),
})

export const block = matrixCommand({
  args: { room: roomArg, undo: { type: 'boolean', description: 'Unblock it' } },
  notes: [
    'Nobody can join a blocked room, be invited to it or knock on it. Its members stay. Only for rooms that were made over',
    'Matrix: a channel is archived instead, with archive-channel.',
  ],
  examples: ['synapse matrix room block "!abc:example.org"', 'synapse matrix room block m-1f2e --undo'],
  act: (client, { room, undo }) => client.patch<Room>(pathOf('rooms', room), { blocked: undo !== true }),
})

export const deleteRoom = command({
  args: {
    room: roomArg,
    yes: { type: 'boolean', description: 'Do not ask for confirmation' },
    ...whereArgs,
  },
  notes: [
    'Only for rooms that were made over Matrix. The room is blocked, all members leave, its aliases go, and its channel is',
    'archived. Its messages stay until synapse purge deletes them. Run it again if it breaks off.',
  ],
  examples: ['synapse matrix room delete "!abc:example.org"', 'synapse matrix room delete m-1f2e --yes'],
  async run({ args }) {
    if (args.yes !== true) await confirm('matrix room delete', `Empty and close ${args.room}?`)
    const gone = await withHomeserver(args, (client) =>
      client.delete<Room>(pathOf('rooms', args.room), HOUR_MS),
    )
    printJson(gone)
    return undefined
  },
})

const aliasArg = {
  type: 'positional',
  required: true,
  description: 'The alias, such as #hall:example.org',
} as const

export const addAlias = matrixCommand({
  args: { alias: aliasArg, room: roomArg },
  examples: ['synapse matrix alias add "#hall:example.org" general'],
  async act(client, { alias, room }) {
    const { room_id } = await client.put<Room>(pathOf('aliases', alias), { room })
    return { alias, room_id }
  },
})

export const listAliases = matrixCommand({
  args: { room: roomArg },
  examples: ['synapse matrix alias list general'],
  act: async (client, { room }) => {
    const { aliases } = await client.get<WholeRoom>(pathOf('rooms', room))
    return aliases.map((alias) => ({ alias }))
  },
  table: (rows) => tableOf(rows, { ALIAS: ({ alias }) => alias }),
})

export const removeAlias = matrixCommand({
  args: { alias: aliasArg },
  notes: ['The alias that a channel has from its slug stays.'],
  examples: ['synapse matrix alias remove "#hall:example.org"'],
  async act(client, { alias }) {
    await client.delete(pathOf('aliases', alias))
    return { removed: alias }
  },
})

function stateOf({ archived_at, blocked }: Room): string {
  const words = [archived_at === null ? '' : 'archived', blocked ? 'blocked' : '']
  return words.filter((word) => word !== '').join(', ')
}
