import { existsSync } from 'node:fs'
import type { DatabaseSeen } from '../../app/examine-database'
import { type Config, loadConfig } from '../../config'
import { homePaths, type RunFile } from '../../home'
import type { HomePaths } from '../../home/paths'
import { configAt } from '../backup'
import { isFree } from '../lib/home-lock'
import { type SettingsSeen, settingsSeen } from '../lib/settings-seen'
import { argsOf, flagsOf } from '../serve/flags'
import { type ServerState, serverState } from '../serve/server-state'

/** What the checks examine, gathered once before the first check. */
export interface Diagnosis {
  readonly config: Config
  readonly paths: HomePaths
  /** The server of the home, according to its files. */
  readonly state: ServerState
  /** True if a server or a command holds the lock of the home. */
  readonly isHeld: boolean
  /** The path of the SQLite store; undefined if it does not exist or the store is Postgres. */
  readonly database: string | undefined
  /** Examines a Postgres database, once; undefined for a SQLite store. */
  readonly examined: (() => Promise<DatabaseSeen>) | undefined
  /** The effective settings: those in the store or of the running server, else the configured ones. */
  readonly settings: SettingsSeen
}

/** Gathers the facts about a home. @throws ConfigError, OperatorError */
export async function diagnosisOf(home: string | undefined): Promise<Diagnosis> {
  const found = configAt(home)
  const paths = homePaths(found.home)
  const state: ServerState = existsSync(paths.run)
    ? await serverState(found.home)
    : { kind: 'none', leftovers: false }
  const config = state.kind === 'running' && state.isHere ? configOf(state.run, found.home) : found
  const { database } = config
  const diagnosis = {
    config,
    paths,
    state,
    isHeld: existsSync(paths.lock) && !(await isFree(config.home)),
    database: database.kind === 'sqlite' && existsSync(database.path) ? database.path : undefined,
    examined: database.kind === 'postgres' ? once(() => examinedAt(database.url)) : undefined,
  }
  const socket = state.kind === 'running' && state.answering ? (state.run.socket ?? undefined) : undefined
  return { ...diagnosis, settings: await settingsSeen({ ...diagnosis, socket }) }
}

/** Loads the configuration with the flags that the server was started with. @throws ConfigError */
function configOf(run: RunFile, home: string): Config {
  return loadConfig({ flags: { ...flagsOf(argsOf(run)), home }, command: 'other' })
}

/** Examines a Postgres database. Loads the driver only then. */
async function examinedAt(url: string): Promise<DatabaseSeen> {
  const { examineDatabase } = await import('../../app/examine-database')
  return examineDatabase(url)
}

function once<Result>(ask: () => Promise<Result>): () => Promise<Result> {
  let asked: Promise<Result> | undefined
  return () => {
    asked ??= ask()
    return asked
  }
}
