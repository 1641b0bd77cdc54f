import { statSync } from 'node:fs'
import { CliError } from '../../lib/cli-error'
import { command } from '../../lib/command'
import { EXIT } from '../../lib/exit-codes'
import { printJson } from '../../lib/terminal'
import { normalName } from '../../lib/wire'
import { whereArgs, withClient } from '../index'
import { handleArg, outputArg, userPath } from './index'
import { writeNew } from './new-file'

/** The longest body that a server takes over a connection. */
const LONGEST_BODY = 2 * 1024 * 1024 * 1024 - 1

export const exportUser = command({
  args: { handle: handleArg, output: outputArg, ...whereArgs },
  notes: [
    'Writes everything that the account has in ConfigSync: its key pair, machines, environments, entities with their',
    'versions, variables, states and audit, one JSON object a line. Tokens and deleted entities are left out. Contents stay',
    'encrypted. What clients store meanwhile may be missing: disable the account first if that matters.',
  ],
  examples: ['synapse configsync export ada -o ada.ndjson'],
  async run({ args }) {
    const handle = normalName(args.handle)
    await withClient(args, async (client) =>
      writeNew(args.output, await client.pieces(`${userPath(handle)}/export`)),
    )
    printJson({ handle, file: args.output, bytes: statSync(args.output).size })
    return undefined
  },
})

export const importUser = command({
  args: {
    handle: { ...handleArg, description: 'The handle of the account, which has nothing in ConfigSync' },
    file: { type: 'positional', required: true, description: 'The file that configsync export wrote' },
    ...whereArgs,
  },
  notes: [
    'Imports all or nothing. All ids stay the same, because clients bind their encryption to them; if one is in use here,',
    'the import is refused and names it. To go back to an export, run configsync purge first. A file of 2 GiB or more needs',
    'the server to be stopped.',
  ],
  examples: ['synapse configsync import ada ada.ndjson'],
  async run({ args }) {
    const { file } = args
    const handle = normalName(args.handle)
    const size = sizeOf(file)
    const imported = await withClient(args, (client) => {
      if (client.way !== 'in-process' && size > LONGEST_BODY)
        throw new CliError(EXIT.failure, `${file} is too large to be sent to a running server`, [
          'stop the server (synapse serve --stop), and run the command again',
        ])
      return client.upload<object>(`${userPath(handle)}/import`, Bun.file(file), 'application/x-ndjson')
    })
    printJson(imported)
    return undefined
  },
})

/** @throws CliError */
function sizeOf(file: string): number {
  const found = statSync(file, { throwIfNoEntry: false })
  if (found?.isFile()) return found.size
  throw new CliError(EXIT.notFound, `there is no file ${file}`)
}
