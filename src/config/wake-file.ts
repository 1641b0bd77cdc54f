import { dirname, resolve } from 'node:path'
import { type Static, Type } from '@sinclair/typebox'
import { expanded } from './client'
import { checked, parsedToml, readText, refuse, withoutSlash } from './client-file'

/** What a program that is woken may use (docs/contract/commands.md#wake). */
export interface WakeConfig {
  /** The file that was read; undefined without one. */
  readonly file: string | undefined
  readonly host: string
  readonly port: number
  readonly handle: string | undefined
  /** Undefined: the usual file of the handle. */
  readonly secretFile: string | undefined
  readonly url: string | undefined
  readonly tokenFile: string | undefined
  /** The program and its parameters. */
  readonly command: readonly string[]
  /** Whether it gets the message as JSON, not a prompt for a model. */
  readonly isJson: boolean
  readonly directory: string | undefined
  readonly timeoutMs: number
  /** Reasons of the inbox that wake. */
  readonly reasons: readonly string[]
  readonly perHour: number
  readonly concurrent: number
}

const DEFAULT_BIND = '0.0.0.0:9001'
const text = Type.String({ minLength: 1 })

const wakeToml = Type.Object({
  wake: Type.Object({
    bind: Type.Optional(text),
    handle: Type.Optional(text),
    secret_file: Type.Optional(text),
    reasons: Type.Optional(Type.Array(text, { minItems: 1 })),
    synapse: Type.Optional(
      Type.Object({
        base_url: Type.Optional(Type.String({ pattern: '^https?://' })),
        token_file: Type.Optional(text),
      }),
    ),
    subprocess: Type.Optional(
      Type.Object({
        claude_binary: Type.Optional(text),
        command: Type.Optional(Type.Array(text, { minItems: 1 })),
        working_directory: Type.Optional(text),
        timeout_seconds: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 86_400 })),
      }),
    ),
    limits: Type.Optional(
      Type.Object({
        per_hour: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 })),
        concurrent: Type.Optional(Type.Integer({ minimum: 1, maximum: 64 })),
      }),
    ),
  }),
})
type WakeToml = Static<typeof wakeToml>

/**
 * Reads `wake-daemon.toml`. Without a file everything has its default. `named` has to exist, of `places` the first one
 * counts. `~` and paths beside the file are expanded. @throws ConfigError
 */
export function readWakeFile(
  named: string | undefined,
  places: readonly string[],
  userHome: string,
): WakeConfig {
  if (named !== undefined && readText(named) === undefined)
    refuse({ name: named, problem: 'cannot be read', remedy: 'name a file that exists' })
  const file = named ?? places.find((path) => readText(path) !== undefined)
  const content: WakeToml =
    file === undefined
      ? { wake: {} }
      : checked(file, parsedToml(file, readText(file) ?? ''), wakeToml, 'it needs [wake], see docs/wake.md')
  const {
    bind = DEFAULT_BIND,
    handle,
    secret_file,
    reasons,
    synapse = {},
    subprocess = {},
    limits = {},
  } = content.wake
  const { claude_binary = 'claude', command, working_directory, timeout_seconds = 180 } = subprocess
  const from = file === undefined ? process.cwd() : dirname(resolve(file))
  const path = (given: string | undefined) =>
    given === undefined ? undefined : expanded(given, userHome, from)
  return {
    file,
    ...addressOf(file ?? 'wake', bind),
    handle: handle?.replace(/^@/, '').toLowerCase(),
    secretFile: path(secret_file),
    url: synapse.base_url === undefined ? undefined : withoutSlash(synapse.base_url),
    tokenFile: path(synapse.token_file),
    command: command ?? [claude_binary, '-p'],
    isJson: command !== undefined,
    directory: path(working_directory),
    timeoutMs: timeout_seconds * 1000,
    reasons: reasons ?? ['dm', 'mention', 'reply'],
    perHour: limits.per_hour ?? 60,
    concurrent: limits.concurrent ?? 1,
  }
}

function addressOf(name: string, bind: string): { readonly host: string; readonly port: number } {
  const [, host = '', digits = ''] = /^(?:(.+):)?(\d{1,5})$/.exec(bind) ?? []
  const port = digits === '' ? Number.NaN : Number(digits)
  if (!(port <= 65_535))
    return refuse({
      name,
      problem: `bind: '${bind}' is no address`,
      remedy: 'write host:port, such as 127.0.0.1:9001',
    })
  return { host: host === '' ? '0.0.0.0' : host.replace(/^\[(.*)\]$/, '$1'), port }
}
