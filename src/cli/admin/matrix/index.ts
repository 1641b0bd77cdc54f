// The commands that administer the Matrix homeserver. Each sends requests to the administration API and prints the answer:
// JSON, or on a terminal a table.
// May import: the shared files of src/cli, and what those may.
// entries.ts lists the commands; each other file has those of one noun.
// Start reading in users.ts.
import type { ArgsDef } from 'citty'
import { CliError } from '../../lib/cli-error'
import type { AdminClient } from '../../lib/client'
import type { Command } from '../../lib/command'
import type { Where } from '../../lib/connect'
import { EXIT } from '../../lib/exit-codes'
import { type Table, tableOf } from '../../lib/table'
import { type AdminSpec, adminCommand, withClient } from '../index'

export const BASE = '/v1/admin/matrix'

/** Declares a command that administers the homeserver. It says so if there is none. */
export function matrixCommand<const T extends ArgsDef, Answer>(spec: AdminSpec<T, Answer>): Command {
  return adminCommand<T, Answer>({
    ...spec,
    act: async (client, args) => {
      await requireHomeserver(client)
      return spec.act(client, args)
    },
  })
}

/** The same as `withClient`, for a homeserver. @throws CliError for a server that is none */
export function withHomeserver<Result>(
  where: Where,
  work: (client: AdminClient) => Promise<Result>,
): Promise<Result> {
  return withClient(where, async (client) => {
    await requireHomeserver(client)
    return work(client)
  })
}

async function requireHomeserver(client: AdminClient): Promise<void> {
  const { features } = await client.get<{ features: readonly string[] }>('/v1/server')
  if (features.includes('matrix')) return
  throw new CliError(EXIT.notFound, 'this server is no Matrix homeserver', [
    'set SYNAPSE_MATRIX_SERVER_NAME for the server and restart it: docs/matrix.md',
  ])
}

/** A path below the administration of the homeserver, each word encoded. */
export function pathOf(...words: readonly string[]): string {
  return [BASE, ...words.map((word) => encodeURIComponent(word))].join('/')
}

/** A table with a line for each fact. */
export function factsTable(facts: Readonly<Record<string, string | number | boolean | null>>): Table {
  return tableOf(Object.entries(facts), {
    FACT: ([name]) => name,
    VALUE: ([, value]) => (value === false ? 'no' : (value ?? '–')),
  })
}

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

/** A number of bytes for people, such as `1.5 MiB`. */
export function shownBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  for (; value >= 1024 && unit < BYTE_UNITS.length - 1; unit++) value /= 1024
  return `${unit === 0 ? value : value.toFixed(1)} ${BYTE_UNITS[unit]}`
}

/** The word that names a user. */
export const userArg = {
  type: 'positional',
  required: true,
  description: 'The user: a whole id such as @ada:example.org, or a handle',
} as const

/** The word that names a room. */
export const roomArg = {
  type: 'positional',
  required: true,
  description: 'The room: an id, an alias such as #hall:example.org, or the slug of its channel',
} as const
