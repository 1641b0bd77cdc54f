import { statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { HANDLE_PATTERN } from '../core/kernel/limits'
import { withoutCredentials } from '../core/kernel/text'
import {
  DEFAULT_TUNING,
  type DescribedClient,
  readClientFile,
  readText,
  refuse,
  type Tuning,
  withoutSlash,
} from './client-file'
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
  readonly tuning: Tuning
}

/** The flags of a command of a client, and where it looks for the rest. */
export interface ClientRequest {
  readonly config?: string | undefined
  readonly url?: string | undefined
  /** A handle, or the id of an account in `mindstone.json`. */
  readonly handle?: string | undefined
  /** Default: the environment of this process. */
  readonly env?: Environment
  /** Default: the current directory. */
  readonly cwd?: string
}

/** The folder of clients in the home folder of the user. */
export const CLIENT_FOLDER = '.synapse'

/**
 * Returns the client that the flags, the environment and the first `synapse.toml` found describe; undefined if none of
 * them describes one. A file that was found, not named, is used only for its own server, so that its token is not sent
 * to another one. @throws ConfigError
 */
export function findClient(request: ClientRequest): ClientConfig | undefined {
  const { env = processEnvironment(), cwd = process.cwd() } = request
  const userHome = userFolder(env)
  const folder = userHome === '' ? undefined : join(userHome, CLIENT_FOLDER)
  const named = request.config ?? (env.SYNAPSE_CONFIG || undefined)
  const places =
    named === undefined
      ? [join(cwd, 'synapse.toml'), ...(folder === undefined ? [] : [join(folder, 'synapse.toml')])]
      : [resolve(cwd, named)]
  const asked = request.handle ?? (env.SYNAPSE_HANDLE || undefined)
  const found = firstFile(places, named !== undefined, asked)
  const url = withoutSlash(request.url ?? (env.SYNAPSE_URL || found?.url || 'http://localhost:8080'))
  if (!/^https?:\/\/[^/]/.test(url))
    refuse({
      name: 'SYNAPSE_URL',
      problem: `'${withoutCredentials(url)}' is no address of a server`,
      remedy: 'write http(s)://host[:port]',
    })
  const isForAnother = named === undefined && request.url !== undefined && found?.url !== url
  const file = isForAnother ? undefined : found
  // In mindstone.json, an account may be named by its id.
  const handle = handleOf(file?.id !== undefined && file.id === asked ? file.handle : (asked ?? file?.handle))
  const isDescribed =
    (file ?? request.url ?? request.handle) !== undefined ||
    ['SYNAPSE_URL', 'SYNAPSE_TOKEN', 'SYNAPSE_TOKEN_FILE'].some((name) => env[name])
  if (!isDescribed) return undefined
  const own = file?.handle.toLowerCase() === handle ? file?.tokenFile : undefined
  const usual = handle === undefined || folder === undefined ? undefined : join(folder, `${handle}.token`)
  return {
    file: file?.path,
    url,
    handle,
    channels: file?.channels ?? [],
    credential: credentialOf(env, cwd, own === undefined ? usual : expanded(own, userHome, cwd)),
    tuning: file?.tuning ?? DEFAULT_TUNING,
  }
}

/** Checks a handle, because it becomes part of a path. */
function handleOf(text: string | undefined): string | undefined {
  const handle = text?.replace(/^@/, '').toLowerCase()
  if (handle === undefined || HANDLE_PATTERN.test(handle)) return handle
  return refuse({
    name: 'handle',
    problem: `'${text}' is no handle`,
    remedy: 'write it as synapse list-accounts does',
  })
}

interface FoundFile extends DescribedClient {
  readonly path: string
}

function firstFile(
  places: readonly string[],
  isNamed: boolean,
  asked: string | undefined,
): FoundFile | undefined {
  for (const path of places) {
    const described = readClientFile(path)
    if (described !== undefined) return { ...chosen(path, described, asked), path }
    if (isNamed)
      refuse({ name: path, problem: 'cannot be read', remedy: 'correct --config or SYNAPSE_CONFIG' })
  }
  return undefined
}

/** Returns the client that was asked for by its id or handle, or the only one. */
function chosen(path: string, all: readonly DescribedClient[], asked: string | undefined): DescribedClient {
  const wanted = asked?.replace(/^@/, '').toLowerCase()
  const named =
    asked === undefined ? [] : all.filter(({ id, handle }) => id === asked || handle.toLowerCase() === wanted)
  const enabled = all.filter(({ isEnabled }) => isEnabled)
  const found = named.find(({ isEnabled }) => isEnabled) ?? named[0]
  if (found?.isEnabled === false)
    return refuse({
      name: path,
      problem: `the account ${found.id ?? found.handle} is disabled`,
      remedy: 'set its enabled to true, or name another account with --handle',
    })
  const [only] = enabled
  const one = found ?? (enabled.length === 1 ? only : undefined)
  if (one !== undefined) return one
  const names = enabled.map(({ id, handle }) => id ?? handle).join(', ')
  return refuse({
    name: path,
    problem:
      only === undefined ? 'describes no account that is enabled' : `describes several accounts: ${names}`,
    remedy: only === undefined ? 'set enabled to true' : 'name one with --handle or SYNAPSE_HANDLE',
  })
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

/** Returns a path that begins with `~`, or is beside `cwd`, as an absolute one. */
export function expanded(path: string, userHome: string, cwd: string): string {
  return resolve(cwd, path.replace(/^~(?=\/)/, userHome))
}
