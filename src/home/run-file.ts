import { readFileSync, rmSync } from 'node:fs'
import { type Static, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { writeAtomically } from './atomic-write'
import { homePaths } from './paths'

/** Tells a process from a later one with the same pid: the boot of the machine, the pid namespace, the start time. */
export type ProcessMark = Static<typeof ProcessMarkShape>

const ProcessMarkShape = Type.Object({
  boot: Type.String(),
  namespace: Type.String(),
  started: Type.String(),
})

/**
 * The content of `run/synapse.json`. `started_at` is RFC 3339 UTC. `phase` is `ready` or `draining` once the server
 * listens and `urls` are final.
 */
export type RunFile = Static<typeof RunFileShape>

const RunFileShape = Type.Object({
  pid: Type.Integer({ minimum: 1 }),
  /** Absent in files of earlier versions, and on systems that do not report it. */
  process: Type.Optional(ProcessMarkShape),
  boot_id: Type.String({ minLength: 1 }),
  version: Type.String(),
  started_at: Type.String(),
  urls: Type.Array(Type.String()),
  socket: Type.Union([Type.String(), Type.Null()]),
  home: Type.String(),
  store_kind: Type.Union([Type.Literal('sqlite'), Type.Literal('postgres')]),
  /** The URL of the store, without a password; absent in files of earlier versions. */
  store: Type.Optional(Type.String()),
  args: Type.Array(Type.String()),
  supervisor: Type.Union([Type.Null(), Type.Literal('systemd'), Type.Literal('docker')]),
  phase: Type.Union([
    Type.Literal('migrating'),
    Type.Literal('ready'),
    Type.Literal('draining'),
    Type.Literal('stopping'),
  ]),
})

/** The pid file and run file of this process. They only inform; the lock decides which process runs on the home. */
export interface RunRecord {
  readonly current: RunFile
  update(changes: Partial<Pick<RunFile, 'phase' | 'urls' | 'socket'>>): void
  remove(): void
}

/** Writes both files. The caller holds the lock of the home. */
export function startRunRecord(home: string, initial: RunFile): RunRecord {
  const { pid, runFile } = homePaths(home)
  let current = initial
  writeAtomically(pid, `${initial.pid}\n`)
  write()
  return {
    get current() {
      return current
    },
    update(changes) {
      current = { ...current, ...changes }
      write()
    },
    remove: () => removeRunFiles(home),
  }

  function write(): void {
    writeAtomically(runFile, `${JSON.stringify(current)}\n`)
  }
}

/** Reads the run file; undefined if it is missing or damaged. */
export function readRunFile(path: string): RunFile | undefined {
  try {
    const found: unknown = JSON.parse(readFileSync(path, 'utf8'))
    return Value.Check(RunFileShape, found) ? found : undefined
  } catch {
    return undefined
  }
}

/** Reads the pid file; undefined if it is missing or damaged. */
export function readPid(path: string): number | undefined {
  try {
    const text = readFileSync(path, 'utf8').trim()
    const pid = /^[1-9]\d{0,9}$/.test(text) ? Number(text) : undefined
    return pid
  } catch {
    return undefined
  }
}

/** Reports whether the server of this run file accepts requests at its `urls`. */
export function isListening({ phase }: Pick<RunFile, 'phase'>): boolean {
  return phase === 'ready' || phase === 'draining'
}

/** Removes the pid file and run file, if they exist. Call it with the lock, or while it is free. */
export function removeRunFiles(home: string): void {
  const { pid, runFile } = homePaths(home)
  rmSync(runFile, { force: true })
  rmSync(pid, { force: true })
}
