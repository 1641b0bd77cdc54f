import { isAbsolute, join, resolve } from 'node:path'
import { OperatorError } from '../core/kernel/operator-error'
import { printable } from '../core/kernel/text'

/** The paths of everything in a home. They may not exist yet. */
export interface HomePaths {
  readonly root: string
  readonly env: string
  readonly database: string
  readonly keys: string
  readonly instanceKey: string
  readonly state: string
  readonly blobs: string
  readonly run: string
  readonly lock: string
  readonly pid: string
  readonly runFile: string
  readonly socket: string
  readonly logs: string
  readonly log: string
  readonly out: string
}

/** Returns the paths in the home at the absolute path `root`. */
export function homePaths(root: string): HomePaths {
  const run = join(root, 'run')
  const keys = join(root, 'keys')
  const logs = join(root, 'logs')
  return {
    root,
    env: join(root, 'synapse.env'),
    database: join(root, 'synapse.db'),
    keys,
    instanceKey: join(keys, 'instance.ed25519'),
    state: join(root, 'state.json'),
    blobs: join(root, 'blobs'),
    run,
    lock: join(run, 'lock.db'),
    pid: join(run, 'synapse.pid'),
    runFile: join(run, 'synapse.json'),
    socket: join(run, 'synapse.sock'),
    logs,
    log: join(logs, 'synapse.log'),
    out: join(logs, 'synapse.out'),
  }
}

/** The home of the system service, which commands find too. */
const SYSTEM_HOME = '/var/lib/synapse'

/** The inputs for the choice of a home. */
export interface HomeQuestion {
  /** The value of `--home`. */
  readonly flag?: string | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  /** `serve` for `serve` and `init`, which may create a home; `other` for commands that need an existing one. */
  readonly command: 'serve' | 'other'
  readonly cwd: string
  /** The home directory of the user; empty if there is none. */
  readonly userHome: string
  /** Undefined on systems without user ids. */
  readonly uid: number | undefined
  readonly exists: (path: string) => boolean
}

/**
 * Returns the absolute path of the home: `--home`, else SYNAPSE_HOME, else the first entry of STATE_DIRECTORY, else
 * `$XDG_DATA_HOME/synapse`. A command that needs an existing home also finds that of the system service.
 * @throws OperatorError `refused` for `~/.synapse`, which belongs to clients, and if no home is configured
 */
export function chooseHome(question: HomeQuestion): string {
  const { env, cwd, userHome } = question
  const home = resolve(cwd, named(question) ?? found(question))
  if (userHome !== '' && isWithin(home, resolve(userHome, '.synapse'))) {
    throw new OperatorError(
      'refused',
      `${home} belongs to Synapse's clients (tokens, cursors)`,
      'choose another directory with --home or SYNAPSE_HOME',
    )
  }
  // A `?` ends the path in a database URL, and SQLite does not treat `:memory:` as a file.
  const unusable = ['?', ':memory:'].find((part) => home.includes(part))
  if (unusable !== undefined)
    throw new OperatorError(
      'refused',
      `the home cannot be ${home}: '${unusable}' means something else in the path of a database`,
      'choose another directory with --home or SYNAPSE_HOME',
    )
  if (/\p{Cc}/u.test(home))
    throw new OperatorError(
      'refused',
      `the home cannot be ${printable(home)}: its path has control characters, such as a line end`,
      'choose another directory with --home or SYNAPSE_HOME',
    )
  if (home === '/')
    throw new OperatorError('refused', '/ cannot be the home', 'choose a directory of its own with --home')
  return home

  function named({ flag }: HomeQuestion): string | undefined {
    if (flag !== undefined && flag.trim() === '') {
      throw new OperatorError('refused', '--home is empty', 'give a directory')
    }
    return flag ?? given(env.SYNAPSE_HOME) ?? given(env.STATE_DIRECTORY?.split(':')[0])
  }
}

function found({ env, command, userHome, uid, exists }: HomeQuestion): string {
  const own = dataHome(env, userHome)
  if (command === 'serve') {
    if (own !== undefined) return own
    throw new OperatorError('refused', 'no home is configured', 'give --home, or set SYNAPSE_HOME or HOME')
  }
  if (own === undefined) return SYSTEM_HOME
  if (!exists(SYSTEM_HOME)) return own
  return uid === 0 || !exists(own) ? SYSTEM_HOME : own
}

function dataHome(env: HomeQuestion['env'], userHome: string): string | undefined {
  const xdg = given(env.XDG_DATA_HOME)
  // The XDG specification tells programs to ignore a relative path here.
  if (xdg !== undefined && isAbsolute(xdg)) return join(xdg, 'synapse')
  return userHome === '' ? undefined : join(userHome, '.local', 'share', 'synapse')
}

function given(value: string | undefined): string | undefined {
  return value === undefined || value.trim() === '' ? undefined : value
}

/** Reports whether an absolute path is `directory` or below it. Compares names only. */
export function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory.endsWith('/') ? directory : `${directory}/`)
}
