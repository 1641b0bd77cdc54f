import { readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { HANDLE_PATTERN } from '../core/kernel/limits'
import { withoutCredentials } from '../core/kernel/text'
import { ConfigError, type ConfigProblem } from './config-error'
import { type Environment, processEnvironment, userFolder } from './environment'

/** The token of a client and where it is stored. `token` must not appear in messages or logs. */
export interface ClientCredential {
  readonly token: string | undefined
  /** `SYNAPSE_TOKEN`, or the path of the file. */
  readonly from: string
  /** True if other users of this machine can read that file. */
  readonly isOpen: boolean
}

/** The configuration of a client on this machine (docs/contract/commands.md#client-configuration). */
export interface ClientConfig {
  /** The file it was read from; undefined if it is from flags and the environment alone. */
  readonly file: string | undefined
  /** Without a trailing slash. */
  readonly url: string
  readonly handle: string | undefined
  /** The channels that the client listens to; empty for all channels of its account. */
  readonly channels: readonly string[]
  /** Undefined if the environment names no token, and the handle or the home folder of the user is unknown. */
  readonly credential: ClientCredential | undefined
}

/** The flags of a command of a client, and where it looks for the rest. */
export interface ClientRequest {
  readonly config?: string | undefined
  readonly url?: string | undefined
  readonly handle?: string | undefined
  /** Default: the environment of this process. */
  readonly env?: Environment
  /** Default: the current directory. */
  readonly cwd?: string
}

/** The part of the file that is read here. Clients read more of it. */
const clientFile = Type.Object({
  synapse: Type.Object({
    base_url: Type.String({ pattern: '^https?://' }),
    handle: Type.String({ minLength: 1 }),
    channels: Type.Optional(Type.Array(Type.String())),
  }),
})

/**
 * Returns the client that the flags, the environment and the first `synapse.toml` found describe; undefined if none of
 * them describes one. A file that was found, not named, is used only for its own server, so that its token is not sent
 * to another one. @throws ConfigError
 */
export function findClient(request: ClientRequest): ClientConfig | undefined {
  const { env = processEnvironment(), cwd = process.cwd() } = request
  const userHome = userFolder(env)
  const folder = userHome === '' ? undefined : join(userHome, '.synapse')
  const named = request.config ?? (env.SYNAPSE_CONFIG || undefined)
  const places =
    named === undefined
      ? [join(cwd, 'synapse.toml'), ...(folder === undefined ? [] : [join(folder, 'synapse.toml')])]
      : [resolve(cwd, named)]
  const found = firstFile(places, named !== undefined)
  const url = withoutSlash(request.url ?? (env.SYNAPSE_URL || found?.url || 'http://localhost:8080'))
  if (!/^https?:\/\/[^/]/.test(url))
    refuse({
      name: 'SYNAPSE_URL',
      problem: `'${withoutCredentials(url)}' is no address of a server`,
      remedy: 'write http(s)://host[:port]',
    })
  const isForAnother = named === undefined && request.url !== undefined && found?.url !== url
  const file = isForAnother ? undefined : found
  const handle = handleOf(request.handle ?? (env.SYNAPSE_HANDLE || file?.handle))
  const isDescribed =
    (file ?? request.url ?? request.handle) !== undefined ||
    ['SYNAPSE_URL', 'SYNAPSE_TOKEN', 'SYNAPSE_TOKEN_FILE'].some((name) => env[name])
  if (!isDescribed) return undefined
  return {
    file: file?.path,
    url,
    handle,
    channels: file?.channels ?? [],
    credential: credentialOf(
      env,
      cwd,
      handle === undefined || folder === undefined ? undefined : join(folder, `${handle}.token`),
    ),
  }
}

/** Checks a handle, because it becomes part of a path. */
function handleOf(text: string | undefined): string | undefined {
  const handle = text?.toLowerCase()
  if (handle === undefined || HANDLE_PATTERN.test(handle)) return handle
  return refuse({
    name: 'handle',
    problem: `'${text}' is no handle`,
    remedy: 'write it as synapse list-accounts does',
  })
}

interface FoundFile {
  readonly path: string
  readonly url: string
  readonly handle: string
  readonly channels: readonly string[]
}

function firstFile(places: readonly string[], isNamed: boolean): FoundFile | undefined {
  for (const path of places) {
    const text = readText(path)
    if (text !== undefined) return parsedFile(path, text)
    if (isNamed)
      refuse({ name: path, problem: 'cannot be read', remedy: 'correct --config or SYNAPSE_CONFIG' })
  }
  return undefined
}

function parsedFile(path: string, text: string): FoundFile {
  const content = toml(path, text)
  if (!Value.Check(clientFile, content)) {
    const { path: where = '', message = '' } = Value.Errors(clientFile, content).First() ?? {}
    const remedy = 'it needs [synapse] with base_url = "http…" and handle = "…"'
    return refuse({ name: path, problem: `${where.slice(1).replaceAll('/', '.')}: ${message}`, remedy })
  }
  const { base_url: url, handle, channels = [] } = content.synapse
  return { path, url: withoutSlash(url), handle, channels: channels.map((slug) => slug.toLowerCase()) }
}

function toml(path: string, text: string): unknown {
  try {
    return Bun.TOML.parse(text)
  } catch (error) {
    const [problem = 'is not TOML'] = String(error instanceof Error ? error.message : error).split('\n')
    return refuse({ name: path, problem, remedy: 'correct that line' })
  }
}

/** Reads the token. The environment takes precedence over the file of the account. */
function credentialOf(env: Environment, cwd: string, own: string | undefined): ClientCredential | undefined {
  if (env.SYNAPSE_TOKEN) return { token: env.SYNAPSE_TOKEN.trim(), from: 'SYNAPSE_TOKEN', isOpen: false }
  const path = env.SYNAPSE_TOKEN_FILE ? resolve(cwd, env.SYNAPSE_TOKEN_FILE) : own
  if (path === undefined) return undefined
  const token = readText(path)?.trim()
  const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0
  return { token: token || undefined, from: path, isOpen: (mode & 0o077) !== 0 }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '')
}

function refuse(problem: ConfigProblem): never {
  throw new ConfigError([problem])
}
