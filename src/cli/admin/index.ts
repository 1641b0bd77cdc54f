// The commands that administer accounts, channels, memberships and tokens. Each turns its flags into requests of the
// administration API and prints the answer: JSON, or for lists a table on a terminal. It does not know whether a request goes over the network, over the
// socket, or to an application in this process.
// May import: the shared files of src/cli, and what those may.
// Each file holds the commands of one noun; src/cli/program.ts lists their names.
// Start reading in this file, then accounts.ts.
import type { ArgsDef } from 'citty'
import type { AdminClient } from '../lib/client'
import { type Command, type CommandSpec, command, type Values } from '../lib/command'
import { connect, type Where } from '../lib/connect'
import { isShown, printTable, type Table } from '../lib/table'
import { printJson } from '../lib/terminal'

/** The flags that every one of these commands takes: which server it acts on. */
export const whereArgs = {
  home: {
    type: 'string',
    valueHint: 'dir',
    description: 'Home directory of the server on this machine (SYNAPSE_HOME)',
  },
  url: {
    type: 'string',
    valueHint: 'url',
    description: 'Address of a remote server; the token is read from SYNAPSE_ADMIN_TOKEN',
  },
  json: {
    type: 'boolean',
    description: 'Print JSON on a terminal, too; elsewhere the output is always JSON',
  },
} as const satisfies ArgsDef

/** Declares an administrative command: its arguments, and the requests it makes. */
export interface AdminSpec<T extends ArgsDef, Answer> extends Omit<CommandSpec<T>, 'run'> {
  /** Resolves to what is printed. @throws CliError */
  readonly act: (client: AdminClient, args: Values<T>) => Promise<Answer>
  /** What a terminal shows of the answer, without --json. */
  readonly table?: (answer: Answer) => Table
}

/** Makes a command that connects to the server, acts, prints the answer and closes the connection. */
export function adminCommand<const T extends ArgsDef, Answer>(of: AdminSpec<T, Answer>): Command {
  const { act, args, table, ...spec } = of
  return command({
    ...spec,
    args: { ...args, ...whereArgs },
    async run(invocation) {
      // The values of `args` and of `whereArgs` side by side: no command has an argument of its own by those names.
      const values = invocation.args as Values<T> & Values<typeof whereArgs>
      const answer = await withClient(values, (client) => act(client, values))
      if (table !== undefined && isShown() && values.json !== true) printTable(table(answer))
      else printJson(answer)
      return undefined
    },
  })
}

/** Connects, runs `work` and closes the connection. In process, the lock of the home is held only as long. */
export async function withClient<Result>(
  where: Where,
  work: (client: AdminClient) => Promise<Result>,
): Promise<Result> {
  await using client = await connect(where)
  return await work(client)
}
