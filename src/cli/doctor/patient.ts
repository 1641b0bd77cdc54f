import { existsSync } from 'node:fs'
import { openQuiet } from '../../backup/index'
import type { Config } from '../../config/index'
import type { DatabaseSeen } from '../../examining'
import { homePaths } from '../../home/index'
import type { HomePaths } from '../../home/paths'
import { configAt } from '../backup/index'
import { isFree } from '../home-lock'
import { type ServerState, serverState } from '../serve/server-state'
import { type SettingsSeen, settingsSeen } from './settings-seen'

/** What the checks look at: gathered once, before the first of them. */
export interface Patient {
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

/** @throws ConfigError, HomeError */
export async function patientAt(home: string | undefined): Promise<Patient> {
  const config = configAt(home)
  const paths = homePaths(config.home)
  const { database } = config
  const patient = {
    config,
    paths,
    state: existsSync(paths.run)
      ? await serverState(config.home)
      : ({ kind: 'none', leftovers: false } as const),
    isHeld: existsSync(paths.lock) && !(await isFree(config.home)),
    database: database.kind === 'sqlite' && existsSync(database.path) ? database.path : undefined,
    examined: database.kind === 'postgres' ? once(() => examinedAt(database.url)) : undefined,
  }
  return { ...patient, settings: await settingsSeen(patient) }
}

/** Loaded only where there is a database to look at. */
async function examinedAt(url: string): Promise<DatabaseSeen> {
  const { examineDatabase } = await import('../../examining')
  return examineDatabase(url)
}

function once<Result>(ask: () => Promise<Result>): () => Promise<Result> {
  let asked: Promise<Result> | undefined
  return () => {
    asked ??= ask()
    return asked
  }
}

/** The store for reading, without a trace. */
export function storeOf({ isHeld }: Pick<Patient, 'isHeld'>, path: string): ReturnType<typeof openQuiet> {
  return openQuiet(path, { isServed: isHeld })
}
