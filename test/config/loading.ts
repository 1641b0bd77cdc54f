import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Config, ConfigError, type ConfigRequest, loadConfig } from '../../src/config'
import { temporaryDirectory, thrownBy } from '../home/temporary'

/** Loads configurations in a new home, with an environment that holds only what the test sets. */
export interface Loading extends Disposable {
  readonly home: string
  /** The current directory of the calls. */
  readonly cwd: string
  load(env?: Record<string, string>, flags?: ConfigRequest['flags']): Config
  /** The problems of a refused configuration. */
  problems(env?: Record<string, string>, flags?: ConfigRequest['flags']): ConfigError['problems']
  /** Writes `<home>/synapse.env`. */
  file(...lines: string[]): void
  /** Writes a file into the current directory and returns its path. */
  put(name: string, text: string): string
}

export function loading(): Loading {
  const directory = temporaryDirectory()
  const [home, cwd] = [join(directory.path, 'home'), join(directory.path, 'cwd')]
  for (const path of [home, cwd]) mkdirSync(path, { mode: 0o700 })
  const load: Loading['load'] = (env = {}, flags = {}) =>
    loadConfig({ env: { SYNAPSE_HOME: home, HOME: directory.path, ...env }, flags, cwd, command: 'serve' })
  return {
    home,
    cwd,
    load,
    problems(env, flags) {
      const error = thrownBy(() => load(env, flags))
      if (error instanceof ConfigError) return error.problems
      throw error
    },
    file: (...lines) => writeFileSync(join(home, 'synapse.env'), `${lines.join('\n')}\n`, { mode: 0o600 }),
    put(name, text) {
      writeFileSync(join(cwd, name), text)
      return join(cwd, name)
    },
    [Symbol.dispose]: () => directory[Symbol.dispose](),
  }
}
