import { findHome } from '../../../config'
import { homePaths, readRunFile, urlFromHere } from '../../../home'
import { UsageError } from '../../lib/cli-error'
import { command } from '../../lib/command'
import { jsonOf, print } from '../../lib/terminal'
import { counted } from '../../lib/text'
import { whereArgs } from '../index'
import { BASE, factsTable, matrixCommand, shownBytes, withHomeserver } from './index'
import { caddySnippet, nginxSnippet } from './snippets'

interface Projector {
  readonly position: number
  readonly head: number
  readonly lag: number
  readonly refused: number
}

interface Status {
  readonly server_name: string
  readonly base_url: string | null
  readonly registration: string
  readonly room_version: string
  readonly key_id: string
  readonly rooms: number
  readonly users: number
  readonly devices: number
  readonly media: { readonly files: number; readonly bytes: number }
  readonly max_upload_bytes: number
  readonly projector: Projector
}

export const status = matrixCommand({
  args: {},
  examples: ['synapse matrix status'],
  act: (client) => client.get<Status>(BASE),
  table: (found) =>
    factsTable({
      'server name': found.server_name,
      address: found.base_url,
      registration: found.registration,
      'room version': found.room_version,
      'signing key': found.key_id,
      rooms: found.rooms,
      users: found.users,
      devices: found.devices,
      files: `${found.media.files} (${shownBytes(found.media.bytes)})`,
      'largest upload': shownBytes(found.max_upload_bytes),
      'rooms are behind by': counted(found.projector.lag, 'event'),
    }),
})

export const projectorStatus = matrixCommand({
  args: {},
  notes: ['After the homeserver was switched on, and after an import, the rooms are made in the background.'],
  examples: ['synapse matrix projector status'],
  act: (client) => client.get<Projector>(`${BASE}/projector`),
  table: ({ position, head, lag, refused }) =>
    factsTable({
      'newest event': head,
      'in the rooms up to': position,
      behind: lag,
      'refused by rooms': refused,
    }),
})

export const rebuild = matrixCommand({
  args: { slug: { type: 'positional', required: true, description: 'The slug of the channel' } },
  notes: [
    'Deletes the room of a channel and makes it again from the log. Works only while no member of the channel has a device:',
    'clients keep what they have read. Sign them out first: synapse matrix user logout. Meanwhile the setting matrix of the',
    'channel is false. If the command breaks off, unset it (synapse set-channel <slug> --set matrix=) and run it again.',
  ],
  examples: ['synapse matrix projector rebuild general'],
  act: (client, { slug }) => client.put<object>(`${BASE}/projector/rebuild`, { channel: slug }, HOUR_MS),
})

/** Making a large room again takes long. */
const HOUR_MS = 3_600_000

export const configSnippet = command({
  args: {
    proxy: {
      type: 'positional',
      required: true,
      description: 'The proxy: caddy or nginx',
    },
    upstream: {
      type: 'string',
      valueHint: 'host:port',
      description: 'Where the proxy reaches the server; default: where it listens, else 127.0.0.1:8080',
    },
    ...whereArgs,
  },
  notes: [
    'Prints what the proxy needs for the server name and the address of the homeserver: the paths of Matrix on both, bodies',
    'as large as uploads, and encoded characters that arrive as they were sent.',
  ],
  examples: [
    'synapse matrix config-snippet caddy',
    'synapse matrix config-snippet nginx --upstream 10.0.0.5:8080 > matrix.conf',
  ],
  async run({ args }) {
    const makers = { caddy: caddySnippet, nginx: nginxSnippet } as const
    const proxy = oneOf(args.proxy, ['caddy', 'nginx'])
    if (args.upstream !== undefined && !/^(?:[\w.-]+|\[[0-9a-f:]+\]):\d{1,5}$/i.test(args.upstream))
      throw new UsageError('--upstream must be a host and a port, such as 127.0.0.1:8080')
    const found = await withHomeserver(args, async (client) => {
      return {
        ...(await client.get<Status>(BASE)),
        heardAt: client.way === 'socket' ? listensAt(args.home) : undefined,
      }
    })
    const snippet = makers[proxy]({
      serverName: found.server_name,
      host: found.base_url === null ? null : new URL(found.base_url).host,
      upstream: args.upstream ?? found.heardAt ?? '127.0.0.1:8080',
      maxBytes: found.max_upload_bytes,
    })
    print(args.json === true ? jsonOf({ proxy, snippet }) : snippet.trimEnd())
    return undefined
  },
})

/** Where the server that runs on this home listens, as a proxy on this machine reaches it. */
function listensAt(home: string | undefined): string | undefined {
  const run = readRunFile(homePaths(findHome({ flags: { home }, command: 'other' })).runFile)
  const url = run?.urls[0]
  return url === undefined ? undefined : new URL(urlFromHere(url)).host
}

/** @throws UsageError */
function oneOf<Word extends string>(given: string, words: readonly Word[]): Word {
  const found = words.find((word) => word === given.toLowerCase())
  if (found !== undefined) return found
  throw new UsageError(`the proxy must be ${words.join(' or ')}`)
}
