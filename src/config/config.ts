import { homePaths, type TlsFiles } from '../home'
import { type BlobChoice, parseBlobUrl } from './blob-url'
import type { ConfigProblem } from './config-error'
import { type BlobPlace, type ConfigsyncPlaces, configsyncBlobs, configsyncPlaces } from './configsync-blobs'
import { type DatabaseChoice, parseDatabaseUrl } from './database-url'
import { declaredSettings } from './declared'
import { type Environment, type Supervisor, supervisorOf } from './environment'
import type { Key, SettingValues, Values } from './settings'
import type { Source } from './sources'

/** The whole configuration, validated and frozen. */
export interface Config {
  readonly home: string
  /** One to four addresses, or `localhost`. */
  readonly hosts: readonly string[]
  readonly port: number
  /** The normalized URL: `sqlite:/absolute/path` or `postgres://…`, with its password. See `maskUrl`. */
  readonly databaseUrl: string
  readonly database: DatabaseChoice
  /** The place of uploaded files. */
  readonly blobs: BlobChoice
  /** The key for a bucket; absent for a folder. */
  readonly blobKey?: { readonly accessKeyId: string; readonly secretAccessKey: string }
  /** The place of the ciphertext of ConfigSync, if it is another one. */
  readonly configsyncBlobs?: BlobPlace
  /** Where that ciphertext can be. */
  readonly configsyncPlaces: ConfigsyncPlaces
  readonly configsyncStore: Values['configsync.store']
  /** The URL of the bus that connects replicas, with its password; absent means they use the database. */
  readonly busUrl?: string
  /** Null when switched off. */
  readonly socket: string | null
  readonly allowPublicBind: boolean
  /** Listen on every private network of the machine instead of on `hosts`. */
  readonly lan: boolean
  /** Certificate and key of the TCP listeners, as absolute paths; absent means plain HTTP. */
  readonly tls?: TlsFiles
  readonly logLevel: Values['log_level']
  /** Read it by `bootstrapToken`. */
  readonly adminToken?: string
  readonly adminTokenProblem?: ConfigProblem
  /** A checked PEM; absent means the key file in the home. */
  readonly instanceKey?: string
  /** Given by `--daemon` to the server it starts. */
  readonly bootId?: string
  /** The folder for backups, outside the home; null if none is configured. */
  readonly backupDir: string | null
  readonly backupPassphrase?: string
  /** The Matrix homeserver; absent = there is none. */
  readonly matrix?: MatrixConfig
  readonly supervisor: Supervisor | null
  readonly settings: Readonly<SettingValues>
  /** Lines to log as warnings. */
  readonly notices: readonly string[]
  readonly sources: Readonly<Record<Key, Source>>
}

/** The options of the Matrix homeserver. */
export interface MatrixConfig {
  readonly serverName: string
  readonly registrationToken?: string
  readonly registrationSecret?: string
}

/** What reading leaves behind: a value for every key that has one. */
export interface ReadValues {
  readonly values: Values
  readonly sources: Readonly<Record<Key, Source>>
  readonly notices: Iterable<string>
  readonly adminTokenProblem: ConfigProblem | undefined
}

/** The configuration of a process in this environment, of values that were found good. */
export function configOf(read: ReadValues, env: Environment, supervisor = supervisorOf(env)): Config {
  const { values, adminTokenProblem } = read
  const { admin_token: adminToken, instance_key: instanceKey, bus_url: busUrl } = values as Partial<Values>
  const { blob_access_key_id: accessKeyId, blob_secret_access_key: secretAccessKey } =
    values as Partial<Values>
  const { tls_cert: cert, tls_key: key } = values as Partial<Values>
  const { backup_dir: backupDir, backup_passphrase: backupPassphrase } = values as Partial<Values>
  const blobs = parseBlobUrl(values.blob_url, '/')
  const common: BlobPlace = {
    blobs,
    ...(accessKeyId === undefined || secretAccessKey === undefined
      ? {}
      : { blobKey: { accessKeyId, secretAccessKey } }),
  }
  const places = configsyncPlaces(values, common, homePaths(values.home).blobs)
  const ownBlobs = configsyncBlobs(values['configsync.store'], places, common)
  return deepFreeze({
    home: values.home,
    hosts: values.host,
    port: values.port,
    databaseUrl: values.database_url,
    database: parseDatabaseUrl(values.database_url, '/'),
    ...common,
    ...(ownBlobs && { configsyncBlobs: ownBlobs }),
    configsyncPlaces: places,
    configsyncStore: values['configsync.store'],
    socket: values.socket === 'off' ? null : values.socket,
    allowPublicBind: values.allow_public_bind,
    lan: values.lan && isAsked(read, 'lan', 'host'),
    ...(cert === undefined || key === undefined ? {} : { tls: { cert, key } }),
    logLevel: values.log_level,
    ...(adminToken === undefined ? {} : { adminToken }),
    ...(adminTokenProblem === undefined ? {} : { adminTokenProblem }),
    ...(busUrl === undefined ? {} : { busUrl }),
    ...(instanceKey === undefined ? {} : { instanceKey }),
    ...(env.SYNAPSE_BOOT_ID ? { bootId: env.SYNAPSE_BOOT_ID } : {}),
    backupDir: backupDir ?? null,
    ...(backupPassphrase === undefined ? {} : { backupPassphrase }),
    ...matrixOf(values),
    supervisor,
    settings: settingsOf(values, read.sources),
    notices: [...read.notices],
    sources: read.sources,
  })
}

const RANKS: readonly Source[] = ['flag', 'environment', 'file', 'default']

/** Of two settings that exclude each other, the one from the source with more priority applies. */
function isAsked({ sources }: ReadValues, key: Key, other: Key): boolean {
  return RANKS.indexOf(sources[key]) <= RANKS.indexOf(sources[other])
}

function settingsOf(values: Values, sources: ReadValues['sources']): SettingValues {
  const keys = declaredSettings.flatMap(({ key, applies }) => (applies === 'runtime' ? [key] : []))
  const kept: Key[] = [...keys, 'admin_handles', 'http.max_body', 'configsync', 'matrix.server_name']
  // The keys of SettingValues are the runtime ones and these four.
  const settings = Object.fromEntries(kept.map((key) => [key, values[key]])) as SettingValues
  // A registration token alone switches registration with tokens on.
  const { 'matrix.registration_token': token } = values as Partial<Values>
  const isTokenEnough = token !== undefined && sources['matrix.registration'] === 'default'
  return isTokenEnough ? { ...settings, 'matrix.registration': 'token' } : settings
}

function matrixOf(values: Partial<Values>): Pick<Config, 'matrix'> {
  const serverName = values['matrix.server_name']
  if (serverName === undefined) return {}
  const registrationToken = values['matrix.registration_token']
  const registrationSecret = values['matrix.registration_secret']
  return {
    matrix: {
      serverName,
      ...(registrationToken !== undefined && { registrationToken }),
      ...(registrationSecret !== undefined && { registrationSecret }),
    },
  }
}

function deepFreeze<T extends object>(value: T): T {
  for (const part of Object.values(value)) {
    if (typeof part === 'object' && part !== null) deepFreeze(part)
  }
  return Object.freeze(value)
}
