// The commands of a client: they post, read, wait, claim and ask as the account whose token is on this machine.
// May import: @synapse/client, which alone talks to the server, the shared files of src/cli, and what those may.
// Each file holds one command or two of one noun; entries.ts lists them. show.ts lays messages out for a terminal.
// files.ts knows the files in ~/.synapse; src/config/client.ts finds the server and the account.
// Start reading in this file: what every command gets, and how errors become exit codes.
import { type ConnectOptions, connect, type Synapse } from '@synapse/client'
import type { ArgsDef } from 'citty'
import { type ClientConfig, findClient } from '../../config/client'
import { printableJson } from '../../core/kernel/text'
import { CliError } from '../lib/cli-error'
import { type Command, type CommandSpec, command, type Values } from '../lib/command'
import { baseOf } from '../lib/connect'
import { EXIT, type ExitCode } from '../lib/exit-codes'
import { print } from '../lib/terminal'
import { failureOf } from './failure'

/** The flags that every command of a client takes. */
export const clientArgs = {
  url: {
    type: 'string',
    valueHint: 'url',
    description: 'Address of the server (SYNAPSE_URL); default: base_url of the file',
  },
  handle: {
    type: 'string',
    valueHint: 'handle',
    description: 'Act as this account, with ~/.synapse/<handle>.token (SYNAPSE_HANDLE)',
  },
  config: {
    type: 'string',
    valueHint: 'file',
    description:
      'synapse.toml or mindstone.json (SYNAPSE_CONFIG); default: ./synapse.toml, ~/.synapse/synapse.toml',
  },
  json: { type: 'boolean', description: 'Print the objects of the API, one a line' },
} as const satisfies ArgsDef

type Flags = Pick<Values<typeof clientArgs>, 'url' | 'handle' | 'config'>

/** What a command of a client works with. */
export interface Client {
  readonly config: ClientConfig
  readonly synapse: Synapse
  /** The account of the token. Asks the server once. @throws SynapseError */
  readonly me: () => Promise<Me>
  /** The handle that files are named by: that of the configuration, else that of the token. @throws SynapseError */
  readonly handle: () => Promise<string>
}

/** The account of a token. */
export type Me = Awaited<ReturnType<typeof askMe>>

/** Finds the server and the account. @throws CliError that says how to set them up; ConfigError */
export function configOf({ url, handle, config }: Flags): ClientConfig {
  const found = findClient({ url: url === undefined ? undefined : baseOf(url), handle, config })
  if (found !== undefined) return found
  throw new CliError(EXIT.usage, 'no server is configured for this user', [
    'synapse setup --url https://chat.example.org  # saves the address and the token',
    'or set SYNAPSE_URL and SYNAPSE_TOKEN',
  ])
}

/** Makes the client that a configuration describes. Sends nothing yet. @throws CliError without a token */
export function clientOf(config: ClientConfig): Client {
  const { url, credential, tuning } = config
  const synapse = connected({ url, token: tokenOf(config), patience: tuning.httpTimeoutMs / 1000 })
  let me: Promise<Me> | undefined
  const askOnce = () => {
    me ??= askMe(synapse)
    return me
  }
  const isByHandle = config.handle !== undefined && credential?.from.endsWith(`/${config.handle}.token`)
  return {
    config,
    synapse,
    me: askOnce,
    handle: async () => (isByHandle ? (config.handle ?? '') : (await askOnce()).handle),
  }
}

/** @throws CliError for an address or a token that cannot be one */
function connected(options: ConnectOptions): Synapse {
  try {
    return connect(options)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new CliError(EXIT.usage, error.message.replace(/^connect: /, ''), [
      'synapse setup  # saves another one',
    ])
  }
}

/** Returns a client of the same account whose requests outlast any absence of the server. */
export function patient({ config }: Client): Synapse {
  return connected({ url: config.url, token: tokenOf(config), patience: Number.POSITIVE_INFINITY })
}

/** Returns a client of the same account that sends each request once. */
export function impatient({ config }: Client): Synapse {
  return connected({ url: config.url, token: tokenOf(config), patience: 0 })
}

function askMe(synapse: Synapse) {
  return synapse.request('GET /v1/auth/me')
}

/** @throws CliError */
export function tokenOf({ url, handle, credential }: ClientConfig): string {
  const token = credential?.token
  const isOne = token !== undefined && /^[\x21-\x7e]+$/.test(token)
  if (isOne) return token
  const where =
    credential === undefined
      ? 'no token is configured'
      : token === undefined
        ? `there is no token in ${credential.from}`
        : `${credential.from} has characters that no token has`
  const whose = handle === undefined ? '' : ` --handle ${handle}`
  throw new CliError(EXIT.credential, where, [
    `synapse setup --url ${url}${whose}  # asks for the token and saves it`,
    ...(credential === undefined ? ['or set SYNAPSE_TOKEN, SYNAPSE_TOKEN_FILE or SYNAPSE_HANDLE'] : []),
  ])
}

/** Declares a command of a client: its own arguments, and what it does. */
interface ClientSpec<T extends ArgsDef> extends Omit<CommandSpec<T>, 'run'> {
  /** Resolves to the exit code; undefined means 0. @throws SynapseError, CliError */
  readonly act: (client: Client, args: Values<T> & Values<typeof clientArgs>) => Promise<ExitCode | undefined>
}

/** Makes a command that acts as the account of this machine. */
export function clientCommand<const T extends ArgsDef>({ act, args, ...spec }: ClientSpec<T>): Command {
  return command({
    ...spec,
    args: { ...args, ...clientArgs },
    async run(invocation) {
      // The values of `args` and of `clientArgs` side by side: no command has an argument of its own by those names.
      const values = invocation.args as Values<T> & Values<typeof clientArgs>
      const client = clientOf(configOf(values))
      try {
        return await act(client, values)
      } catch (error) {
        throw await failureOf(error, client)
      }
    },
  })
}

/** Prints an object of the API as one line of JSON. Returns false if the reader has closed the pipe. */
export function printWire(value: unknown): boolean {
  return print(printableJson(value))
}
