import { existsSync } from 'node:fs'
import type { DatabaseSeen } from '../../app/examine-database'
import { type Config, loadConfig } from '../../config'
import { homePaths, type RunFile } from '../../home'
import type { HomePaths } from '../../home/paths'
import { configAt } from '../backup'
import { isFree } from '../lib/home-lock'
import { argsOf, flagsOf } from '../serve/flags'
import { type ServerState, serverState } from '../serve/server-state'
import { type SettingsSeen, settingsSeen } from './settings-seen'

/** What the checks look at: gathered once, before the first of them. */
export interface Diagnosis {
  readonly config: Config
  readonly paths: HomePaths
  /** Who runs on the home, as its files say. */
  readonly state: ServerState
  /** Whether somebody holds the lock of the home: a server, or a command for a moment. */
  readonly isHeld: boolean
  /** The path of a SQLite store that is there. */
  readonly database: string | undefined
  /** Looks at a database that servers share, once; undefined where the store is a file. */
  readonly examined: (() => Promise<DatabaseSeen>) | undefined
  /** The settings that count: those of the server that runs, else what is kept in the store, else what is configured. */
  readonly settings: SettingsSeen
}

/** @throws ConfigError, OperatorError */
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
  return { ...diagnosis, settings: await settingsSeen(diagnosis) }
}

/** What is configured, with the flags that the server was started with, which go before it. @throws ConfigError */
function configOf(run: RunFile, home: string): Config {
  return loadConfig({ flags: { ...flagsOf(argsOf(run)), home }, command: 'other' })
}

/** Loaded only where there is a database to look at. */
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
