import { existsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { findHome } from '../../config'
import { networkFileSystem } from '../../home'
import { type Check, type Finding, fail, pass, warn } from './check'
import type { Diagnosis } from './diagnosis'

const SYSTEM_HOME = '/var/lib/synapse'

/** Checks that only the owner can use the home, and that it is on a local disk. */
export const home: Check = {
  name: 'home',
  look(diagnosis) {
    const { config } = diagnosis
    if (!existsSync(config.home))
      return [
        fail(
          `there is no home at ${config.home}`,
          'create it with synapse init, or name another one with --home',
        ),
      ]
    const findings = [...modes(diagnosis), ...place(diagnosis), ...secondHome(diagnosis)]
    return findings.length > 0 ? findings : [pass(config.home)]
  },
}

function modes({ paths, config }: Diagnosis): Finding[] {
  const wanted: [path: string, mode: number, isGrave: boolean][] = [
    [config.home, 0o700, false],
    [paths.keys, 0o700, false],
    [paths.run, 0o700, true],
    // The server refuses to start with such a key.
    [paths.instanceKey, 0o600, true],
    [paths.env, 0o600, false],
    [paths.database, 0o600, false],
    [`${paths.database}-wal`, 0o600, false],
    [paths.state, 0o600, false],
  ]
  return wanted.flatMap(([path, mode, isGrave]) => {
    const found = statSync(path, { throwIfNoEntry: false })
    if (found === undefined || (found.mode & 0o777 & ~mode) === 0) return []
    const isWritable = (found.mode & 0o022) !== 0
    const shown = (found.mode & 0o777).toString(8)
    const detail = `${path} is open to others (mode ${shown})`
    const fix = `chmod ${mode.toString(8)} ${path}`
    return [isGrave || isWritable ? fail(detail, fix) : warn(detail, fix)]
  })
}

function place({ config, database }: Diagnosis): Finding[] {
  const folders = new Set([config.home, ...(database === undefined ? [] : [dirname(database)])])
  return [...folders].flatMap((folder) => {
    const kind = networkFileSystem(folder)
    if (kind === undefined) return []
    return [fail(`${folder} is on a network file system (${kind})`, 'move it to a local disk')]
  })
}

function secondHome({ config }: Diagnosis): Finding[] {
  if (config.sources.home !== 'default') return []
  // The home of the user and the home of the system service.
  const homes = [findHome({ command: 'serve' }), SYSTEM_HOME]
  const other = homes.find((home) => home !== config.home && existsSync(home))
  if (other === undefined) return []
  return [
    warn(`there are two homes, ${config.home} and ${other}`, 'choose one with --home, or remove the other'),
  ]
}
