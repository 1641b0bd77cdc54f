import { readFileSync, rmSync } from 'node:fs'
import { type Static, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { writeAtomically } from './atomic-write'
import { homePaths } from './paths'

/** What tells a process from a later one with its number: the boot of the machine, the pid namespace, the start. */
export type ProcessMark = Static<typeof ProcessMarkShape>

const ProcessMarkShape = Type.Object({
  boot: Type.String(),
  namespace: Type.String(),
  started: Type.String(),
})

/**
 * What `run/synapse.json` says about the running server, in the file's own names. `started_at` is RFC 3339 UTC; `phase`
 * is `ready` or `draining` once the server listens and `urls` are final.
 */
export type RunFile = Static<typeof RunFileShape>

const RunFileShape = Type.Object({
  pid: Type.Integer({ minimum: 1 }),
  /** Which process that is; servers of a version before this one do not say it, nor does every system. */
  process: Type.Optional(ProcessMarkShape),
  boot_id: Type.String({ minLength: 1 }),
  version: Type.String(),
  started_at: Type.String(),
  urls: Type.Array(Type.String()),
  socket: Type.Union([Type.String(), Type.Null()]),
  home: Type.String(),
  store_kind: Type.Union([Type.Literal('sqlite'), Type.Literal('postgres')]),
  /** Its URL, without a password; servers of a version before this one do not say it. */
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

/** The pid file and run file of this process, kept up to date until `remove`. They inform; the lock decides. */
export interface RunRecord {
  readonly current: RunFile
  update(changes: Partial<Pick<RunFile, 'phase' | 'urls' | 'socket'>>): void
  remove(): void
}

/** Writes both files, in a home that the caller has locked. */
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

/** What the run file says; undefined when there is none or it is damaged. */
export function readRunFile(path: string): RunFile | undefined {
  try {
    const found: unknown = JSON.parse(readFileSync(path, 'utf8'))
    return Value.Check(RunFileShape, found) ? found : undefined
  } catch {
    return undefined
  }
}

/** The number in the pid file; undefined when there is none or it is damaged. */
export function readPid(path: string): number | undefined {
  try {
    const text = readFileSync(path, 'utf8').trim()
    const pid = /^[1-9]\d{0,9}$/.test(text) ? Number(text) : undefined
    return pid
  } catch {
    return undefined
  }
}

/** Whether the server of this run file takes requests at its `urls`. */
export function isListening({ phase }: Pick<RunFile, 'phase'>): boolean {
  return phase === 'ready' || phase === 'draining'
}

/** Removes pid and run file, whether or not they exist. For the holder of the lock, or while nobody holds it. */
export function removeRunFiles(home: string): void {
  const { pid, runFile } = homePaths(home)
  rmSync(runFile, { force: true })
  rmSync(pid, { force: true })
}
