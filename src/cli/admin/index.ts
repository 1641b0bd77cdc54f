// The commands that administer accounts, channels, memberships and tokens. Each turns its flags into the requests of
// the administration API and prints the answer as JSON; none knows which way in the requests take.
// May import: the shared files of src/cli, and what those may.
// Each file holds the commands of one noun; src/cli/program.ts says which names they have.
// Start reading in this file, then accounts.ts.
import type { ArgsDef } from 'citty'
import type { AdminClient } from '../lib/client'
import { type Command, type CommandSpec, command, type Values } from '../lib/command'
import { connect, type Where } from '../lib/connect'
import { printJson } from '../lib/terminal'

/** The flags that every one of these commands takes: where it is to act. */
export const whereArgs = {
  home: {
    type: 'string',
    valueHint: 'dir',
    description: 'The home of the server on this machine (SYNAPSE_HOME)',
  },
  url: {
    type: 'string',
    valueHint: 'url',
    description: 'A server elsewhere; the token is read from SYNAPSE_ADMIN_TOKEN',
  },
  json: { type: 'boolean', description: 'The answer is JSON with or without it' },
} as const satisfies ArgsDef

/** An administrative command: what it is called with, and the requests it makes. */
export interface AdminSpec<T extends ArgsDef> extends Omit<CommandSpec<T>, 'run'> {
  /** Resolves to what is printed. @throws CliError */
  readonly act: (client: AdminClient, args: Values<T>) => Promise<unknown>
}

/** A command that opens a way in, acts, prints the answer and closes it again. */
export function adminCommand<const T extends ArgsDef>({ act, args, ...spec }: AdminSpec<T>): Command {
  return command({
    ...spec,
    args: { ...args, ...whereArgs },
    async run(invocation) {
      // The values of `args` and of `whereArgs` side by side: no command has an argument of its own by those names.
      const values = invocation.args as Values<T> & Values<typeof whereArgs>
      await withClient(values, async (client) => printJson(await act(client, values)))
      return undefined
    },
  })
}

/** Does the work while a way in is open; the lock of the home is held no longer than that. */
export async function withClient<Result>(
  where: Where,
  work: (client: AdminClient) => Promise<Result>,
): Promise<Result> {
  await using client = await connect(where)
  return await work(client)
}
