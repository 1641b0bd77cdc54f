import { readFileSync } from 'node:fs'
import { CliError } from '../../lib/cli-error'
import { command } from '../../lib/command'
import { EXIT } from '../../lib/exit-codes'
import { localMinute, type Table, tableOf } from '../../lib/table'
import { printJson, reasonOf } from '../../lib/terminal'
import { writeNew } from '../configsync/new-file'
import { whereArgs } from '../index'
import { matrixCommand, pathOf, withHomeserver } from './index'

interface Key {
  readonly key_id: string
  readonly public_key: string
  readonly created_at: string
  readonly expired_at: string | null
}

const CURRENT = pathOf('keys', 'current')
const UNTIL = 'Other homeservers ask for the key again within seven days.'

export const showKeys = matrixCommand({
  args: {},
  notes: ['Shows what others verify with; the secrets stay in the store, sealed.'],
  examples: ['synapse matrix key show'],
  act: (client) => client.get<readonly Key[]>(pathOf('keys')),
  table: keyTable,
})

export const rotate = matrixCommand({
  args: {},
  notes: ['The earlier key is published as old, so that what it signed stays valid.', UNTIL],
  examples: ['synapse matrix key rotate'],
  act: (client) => client.put<readonly Key[]>(CURRENT, {}),
  table: keyTable,
})

export const importKey = matrixCommand({
  args: {
    file: {
      type: 'positional',
      required: true,
      description: 'The key file: one line, ed25519 <version> <seed in base64>',
    },
  },
  notes: ['For a server name that moves here from another homeserver, which has such a file.', UNTIL],
  examples: ['synapse matrix key import example.org.signing.key'],
  act: (client, { file }) => client.put<readonly Key[]>(CURRENT, { key: readKey(file) }),
  table: keyTable,
})

export const exportKey = command({
  args: {
    output: {
      type: 'string',
      alias: 'o',
      valueHint: 'file',
      required: true,
      description: 'The file to write, which must not exist',
    },
    ...whereArgs,
  },
  notes: [
    'Writes the key that signs now to a file that only you can read. Whoever has it can speak for this homeserver. Works on',
    'the machine of the server, not with --url. A backup has the key already: backup create --with-keys.',
  ],
  examples: ['synapse matrix key export -o example.org.signing.key'],
  async run({ args }) {
    const { key_id } = await withHomeserver(args, async (client) => {
      const found = await client.get<{ key_id: string; key: string }>(CURRENT)
      await writeNew(args.output, pieces(found.key))
      return found
    })
    printJson({ key_id, file: args.output })
    return undefined
  },
})

async function* pieces(text: string): AsyncGenerator<Uint8Array, void> {
  yield new TextEncoder().encode(text)
}

/** @throws CliError */
function readKey(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    throw new CliError(EXIT.notFound, `${file} could not be read (${reasonOf(error)})`)
  }
}

function keyTable(keys: readonly Key[]): Table {
  return tableOf(keys, {
    KEY: ({ key_id }) => key_id,
    STATE: ({ expired_at }) => (expired_at === null ? 'signs' : `old since ${localMinute(expired_at)}`),
    MADE: ({ created_at }) => localMinute(created_at),
    'PUBLIC KEY': ({ public_key }) => public_key,
  })
}
