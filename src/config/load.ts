import { existsSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { OperatorError } from '../core/kernel/operator-error'
import { checkHome, chooseHome, homePaths } from '../home'
import { isWithin } from '../home/paths'
import { usualBackupDirectory } from './backup-settings'
import { type Config, configOf } from './config'
import { ConfigError, type ConfigProblem, InvalidValue } from './config-error'
import { configsyncBucketProblems } from './configsync-blobs'
import { type DeclaredSetting, declaredSettings, knownNames } from './declared'
import { type Environment, ownEnvironment, processEnvironment, startedAs, userFolder } from './environment'
import { nearest } from './nearest'
import { builtIn } from './runtime-settings'
import type { FlagName, Key, Values } from './settings'
import { type Findings, fileLayer, type Given, type Layer, lookUp, type Source } from './sources'
import { valueFromText } from './values'

/** The flags of the command line, by name. */
type Flags = { readonly [F in FlagName]?: string | boolean | undefined }

/** The inputs of a configuration. */
export interface ConfigRequest {
  readonly flags?: Flags
  /** Default: the environment of this process. */
  readonly env?: Environment
  /** Default: the current directory. */
  readonly cwd?: string
  /** `serve`: `serve` and `init`, which create a home. `other`: commands that need an existing home. */
  readonly command: 'serve' | 'other'
}

const BACKUPS_INSIDE: ConfigProblem = {
  name: 'SYNAPSE_BACKUP_DIR',
  problem: 'lies inside the home, and would be lost with it',
  remedy: 'name a folder outside the home, best on another disk',
}

/**
 * Reads flags, environment and `<home>/synapse.env`, in this order of priority.
 * @throws ConfigError with all problems
 */
export function loadConfig(request: ConfigRequest): Config {
  const { flags = {}, env = processEnvironment(), cwd = process.cwd() } = request
  const findings: Findings = { problems: [], notices: new Set() }
  const home = homeOf(request, findings)
  const layers: Layer[] = [{ source: 'environment', values: env, label: (name) => name }]
  if (home !== undefined) layers.push(fileLayer(homePaths(home).env, findings))
  const values: Partial<Record<Key, unknown>> = { home }
  const sources: Partial<Record<Key, Source>> = { home: homeSource(flags, env) }
  let adminTokenProblem: ConfigProblem | undefined
  const usual = request.env ?? ownEnvironment()
  for (const setting of declaredSettings) {
    const { key } = setting
    if (key === 'home') continue
    const given =
      flagOf(setting, flags) ?? lookUp(setting, layers, cwd, findings) ?? defaultIn(home, setting, usual)
    const read = readValue(setting, given, cwd, findings)
    values[key] = read.value
    sources[key] = read.source
    // Only a server without an admin needs this token, so only such a server refuses a bad one.
    if (key === 'admin_token') adminTokenProblem = read.problem
    else if (read.problem !== undefined) findings.problems.push(read.problem)
  }
  const backups = values['backup_dir']
  if (home !== undefined && typeof backups === 'string' && isWithin(backups, home))
    findings.problems.push(BACKUPS_INSIDE)
  findings.problems.push(
    ...listeningProblems(values, sources),
    ...bucketProblems(values),
    ...configsyncBucketProblems(values),
  )
  for (const layer of layers) noteUnknown(layer, findings)
  if (findings.problems.length > 0) throw new ConfigError(distinct(findings.problems))
  const read = {
    // Each value was read by the schema of its key, or is its default.
    values: values as Values,
    sources: sources as Record<Key, Source>,
    notices: findings.notices,
    adminTokenProblem,
  }
  return configOf(read, env)
}

/**
 * Finds the home before anything in it is read. A command of root then calls `becomeOwner`.
 * @throws OperatorError `refused`
 */
export function findHome(request: ConfigRequest): string {
  const { flags = {}, env = processEnvironment(), cwd = process.cwd(), command } = request
  return chooseHome({
    flag: flags.home === undefined ? undefined : String(flags.home),
    env,
    command,
    cwd,
    userHome: userFolder(env),
    // If root has become another user since, the home found for root still applies.
    uid: startedAs,
    exists: existsSync,
  })
}

/**
 * Returns the token that makes the first admin. Call it only if no account can administer the server.
 * @throws ConfigError if the token is malformed
 */
export function bootstrapToken(config: Pick<Config, 'adminToken' | 'adminTokenProblem'>): string | undefined {
  if (config.adminTokenProblem !== undefined) throw new ConfigError([config.adminTokenProblem])
  return config.adminToken
}

/** Returns the problems of settings that are valid alone but not together. */
function listeningProblems(
  values: Partial<Record<Key, unknown>>,
  sources: Partial<Record<Key, Source>>,
): ConfigProblem[] {
  const problems: ConfigProblem[] = []
  const [cert, key] = [values['tls_cert'], values['tls_key']]
  if ((cert === undefined) !== (key === undefined)) {
    const [given, missing] = cert === undefined ? ['tls_key', 'tls_cert'] : ['tls_cert', 'tls_key']
    const remedy = `give ${missing} as well (--${missing?.replace('_', '-')})`
    problems.push({ name: given ?? '', problem: `needs ${missing}`, remedy })
  }
  if (values['lan'] === true && sources.lan !== 'default' && sources.lan === sources.host)
    problems.push({
      name: 'lan',
      problem: 'excludes host, which is set as well',
      remedy: 'keep one of the two',
    })
  return problems
}

/** A bucket needs both halves of a key. */
function bucketProblems(values: Partial<Record<Key, unknown>>): ConfigProblem[] {
  if (!String(values['blob_url']).startsWith('s3:')) return []
  return (['blob_access_key_id', 'blob_secret_access_key'] as const)
    .filter((key) => values[key] === undefined)
    .map((key) => {
      const remedy = `set SYNAPSE_${key.toUpperCase()}`
      return { name: 'SYNAPSE_BLOB_URL', problem: `names a bucket, which needs ${key}`, remedy }
    })
}

function homeOf(request: ConfigRequest, { problems }: Findings): string | undefined {
  try {
    const home = findHome(request)
    checkHome(home)
    return home
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error
    problems.push({ name: 'home', problem: error.problem, remedy: error.remedy })
    return undefined
  }
}

function homeSource(flags: Flags, env: Environment): Source {
  if (flags.home !== undefined) return 'flag'
  return env.SYNAPSE_HOME || env.STATE_DIRECTORY ? 'environment' : 'default'
}

function flagOf({ setting }: DeclaredSetting, flags: Flags): Given | undefined {
  // FlagName is made of exactly these names.
  const flag = setting.flag as FlagName | undefined
  const value = flag === undefined ? undefined : flags[flag]
  return value === undefined ? undefined : { text: String(value), name: `--${flag}`, source: 'flag' }
}

/** The defaults that lie in the home; checked like given values, for its path may be too long. */
function defaultIn(
  home: string | undefined,
  { key, env: name }: DeclaredSetting,
  env: Environment,
): Given | undefined {
  if (home === undefined) return undefined
  const { database, blobs, socket } = homePaths(home)
  const texts: Partial<Record<Key, string | undefined>> = {
    database_url: `sqlite:${database}`,
    blob_url: pathToFileURL(blobs).href,
    socket,
    backup_dir: usualBackupDirectory(home, env),
  }
  const text = texts[key]
  return text === undefined ? undefined : { text, name, source: 'default' }
}

function readValue(
  { schema, setting }: DeclaredSetting,
  given: Given | undefined,
  cwd: string,
  { notices }: Findings,
): { source: Source; value: unknown; problem?: ConfigProblem } {
  const fallback = { source: 'default' as const, value: builtIn(schema) }
  if (given === undefined) return fallback
  const { text, name, source } = given
  try {
    return { source, value: valueFromText(schema, text, { cwd }) }
  } catch (error) {
    if (!(error instanceof InvalidValue)) throw error
    if (setting.lenient === true) {
      notices.add(`${name} ${error.message}: it is ignored`)
      return fallback
    }
    const problem = { name, problem: error.message, remedy: error.remedy || 'see docs/configuration.md' }
    return { ...fallback, problem }
  }
}

function noteUnknown({ values, label }: Layer, { notices }: Findings): void {
  for (const name of Object.keys(values)) {
    if (!name.startsWith('SYNAPSE_') || knownNames.has(name)) continue
    const withoutFile = name.replace(/_FILE$/, '')
    const suggestion = knownNames.has(withoutFile) ? withoutFile : nearest(name, knownNames)
    notices.add(`${label(name)} is no setting of Synapse; the nearest known name is ${suggestion}`)
  }
}

function distinct(problems: readonly ConfigProblem[]): ConfigProblem[] {
  return [...new Map(problems.map((found) => [`${found.name}\0${found.problem}`, found])).values()]
}
