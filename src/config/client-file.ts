import { readFileSync } from 'node:fs'
import { extname } from 'node:path'
import { type Static, type TObject, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { ConfigError, type ConfigProblem } from './config-error'

/** A client that a file describes. */
export interface DescribedClient {
  /** Its name in `mindstone.json`; undefined where the file describes one alone. */
  readonly id: string | undefined
  /** False if the file says so: the account is not used then. */
  readonly isEnabled: boolean
  /** Without a trailing slash. */
  readonly url: string
  readonly handle: string
  /** The file of its token; undefined for the usual one. `~` is not expanded. */
  readonly tokenFile: string | undefined
  readonly channels: readonly string[]
  readonly tuning: Tuning
}

/** How a client reads. */
export interface Tuning {
  /** Messages that one read shows of a channel, 1 to 200. */
  readonly limitPerChannel: number
  /** After a pause of this length, a session shows more of the past. */
  readonly freshSessionS: number
  readonly httpTimeoutMs: number
  /** Whether digests show only what mentions the account. */
  readonly mentionsOnly: boolean
  readonly pollIntervalS: number
}

export const DEFAULT_TUNING: Tuning = {
  limitPerChannel: 20,
  freshSessionS: 43_200,
  httpTimeoutMs: 5000,
  mentionsOnly: true,
  pollIntervalS: 15,
}

const MOST_PER_CHANNEL = 200

const url = Type.String({ pattern: '^https?://' })
const handle = Type.String({ minLength: 1 })
const channels = Type.Array(Type.String())
const seconds = Type.Number({ exclusiveMinimum: 0 })

const synapseToml = Type.Object({
  synapse: Type.Object({
    base_url: url,
    handle,
    channels: Type.Optional(channels),
    limit_per_channel: Type.Optional(Type.Integer({ minimum: 1 })),
    fresh_session_seconds: Type.Optional(Type.Number({ minimum: 0 })),
    http_timeout: Type.Optional(seconds),
    digest: Type.Optional(Type.Object({ mentions_only: Type.Optional(Type.Boolean()) })),
    digest_mentions_only: Type.Optional(Type.Boolean()),
  }),
})

const account = {
  enabled: Type.Optional(Type.Boolean()),
  baseUrl: Type.Optional(url),
  handle: Type.Optional(handle),
  tokenFile: Type.Optional(Type.String({ minLength: 1 })),
  channels: Type.Optional(channels),
  pollIntervalSeconds: Type.Optional(seconds),
  mentionsOnly: Type.Optional(Type.Boolean()),
}
const accountJson = Type.Object(account)
const mindstoneJson = Type.Object({
  channels: Type.Object({
    synapse: Type.Object({
      ...account,
      accounts: Type.Optional(Type.Record(Type.String(), accountJson)),
    }),
  }),
})

/**
 * Returns the clients that a file describes: `synapse.toml` one, `mindstone.json` one or more. Undefined if the file
 * cannot be read. @throws ConfigError
 */
export function readClientFile(path: string): readonly DescribedClient[] | undefined {
  const text = readText(path)
  if (text === undefined) return undefined
  return extname(path) === '.json' ? ofMindstone(path, text) : [ofToml(path, text)]
}

function ofToml(path: string, text: string): DescribedClient {
  const content = parsedToml(path, text)
  const remedy = 'it needs [synapse] with base_url = "http…" and handle = "…"'
  const { synapse } = checked(path, content, synapseToml, remedy)
  return {
    id: undefined,
    isEnabled: true,
    url: withoutSlash(synapse.base_url),
    handle: synapse.handle,
    tokenFile: undefined,
    channels: slugsOf(synapse.channels),
    tuning: {
      ...DEFAULT_TUNING,
      limitPerChannel: Math.min(
        synapse.limit_per_channel ?? DEFAULT_TUNING.limitPerChannel,
        MOST_PER_CHANNEL,
      ),
      freshSessionS: synapse.fresh_session_seconds ?? DEFAULT_TUNING.freshSessionS,
      httpTimeoutMs: (synapse.http_timeout ?? DEFAULT_TUNING.httpTimeoutMs / 1000) * 1000,
      mentionsOnly:
        synapse.digest?.mentions_only ?? synapse.digest_mentions_only ?? DEFAULT_TUNING.mentionsOnly,
    },
  }
}

function ofMindstone(path: string, text: string): readonly DescribedClient[] {
  const content = parsedJson(path, text)
  const remedy = 'it needs channels.synapse with baseUrl and handle'
  const { accounts, ...shared } = checked(path, content, mindstoneJson, remedy).channels.synapse
  const all: [string | undefined, Static<typeof accountJson>][] =
    accounts === undefined
      ? [[undefined, shared]]
      : Object.entries(accounts).map(([id, own]) => [id, { ...shared, ...own }])
  return all.flatMap(([id, one]) => {
    const isEnabled = one.enabled !== false
    if (one.baseUrl === undefined || one.handle === undefined) {
      // Nobody uses it as long as it is disabled.
      if (!isEnabled) return []
      return refuse({
        name: path,
        problem: `${id === undefined ? 'channels.synapse' : `the account ${id}`} has no ${one.baseUrl === undefined ? 'baseUrl' : 'handle'}`,
        remedy,
      })
    }
    return [
      {
        id,
        isEnabled,
        url: withoutSlash(one.baseUrl),
        handle: one.handle,
        tokenFile: one.tokenFile,
        channels: slugsOf(one.channels),
        tuning: {
          ...DEFAULT_TUNING,
          mentionsOnly: one.mentionsOnly ?? DEFAULT_TUNING.mentionsOnly,
          pollIntervalS: one.pollIntervalSeconds ?? DEFAULT_TUNING.pollIntervalS,
        },
      },
    ]
  })
}

function slugsOf(given: readonly string[] = []): string[] {
  return given.map((slug) => slug.replace(/^#/, '').toLowerCase())
}

/** @throws ConfigError */
export function parsedToml(path: string, text: string): unknown {
  try {
    return Bun.TOML.parse(text)
  } catch (error) {
    const [problem = 'is not TOML'] = String(error instanceof Error ? error.message : error).split('\n')
    return refuse({ name: path, problem, remedy: 'correct that line' })
  }
}

function parsedJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The message of the parser quotes the text, which may contain secrets of other programs.
    return refuse({ name: path, problem: 'is not JSON', remedy: 'correct it' })
  }
}

/** @throws ConfigError */
export function checked<T extends TObject>(
  path: string,
  content: unknown,
  schema: T,
  remedy: string,
): Static<T> {
  if (Value.Check(schema, content)) return content
  const { path: where = '', message = '' } = Value.Errors(schema, content).First() ?? {}
  return refuse({ name: path, problem: `${where.slice(1).replaceAll('/', '.')}: ${message}`, remedy })
}

/** Returns the text of a file; undefined if it cannot be read. */
export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

/** Returns an address without slashes at its end. */
export function withoutSlash(address: string): string {
  return address.replace(/\/+$/, '')
}

/** @throws ConfigError */
export function refuse(problem: ConfigProblem): never {
  throw new ConfigError([problem])
}
