import {
  chmodSync,
  chownSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { isAlive } from '../../src/home'
import { temporaryDirectory } from '../home/temporary'
import { type Finished, finished } from '../support/finished'
import { until } from '../support/sockets'
import { type Release, TARGET, theRelease } from './release'

/** A user id without an account: root becomes it for the tests of ordinary users. */
const ORDINARY = 47_110
const IS_ROOT = process.getuid?.() === 0
const PLAIN_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** The status of the running server. */
export interface ServerStatus {
  readonly pid: number
  readonly boot_id: string
  readonly urls: readonly string[]
}

/** An ordinary user with an empty home directory and a release folder beside it. */
export class Place implements AsyncDisposable {
  private readonly directory = temporaryDirectory()
  readonly uid = IS_ROOT ? ORDINARY : (process.getuid?.() ?? 0)
  readonly home: string
  readonly release = join(this.directory.path, 'release')
  readonly binary: string
  readonly data: string
  private readonly pids: number[] = []

  private constructor(homeName: string) {
    this.home = join(this.directory.path, homeName)
    this.binary = join(this.home, '.local/bin/synapse')
    this.data = join(this.home, '.local/share/synapse')
    mkdirSync(this.home)
    mkdirSync(this.release)
  }

  static async make(homeName = 'home'): Promise<Place> {
    const place = new Place(homeName)
    place.carry(await theRelease())
    for (const path of [place.directory.path, place.home, place.release]) place.own(path)
    return place
  }

  /** Puts another executable of any kind into the release folder, with its checksum. */
  replaceExecutable(file: string): void {
    this.put(file, join(this.release, `synapse-${TARGET}`))
    this.writeChecksums()
  }

  writeChecksums(): void {
    const bytes = readFileSync(join(this.release, `synapse-${TARGET}`))
    const sum = new Bun.CryptoHasher('sha256').update(bytes).digest('hex')
    this.write(join(this.release, 'SHA256SUMS'), `${sum}  synapse-${TARGET}\n`)
  }

  /** Writes a file of this user and creates its folders. */
  write(path: string, content: string): void {
    const folders: string[] = []
    for (let folder = join(path, '..'); !exists(folder); folder = join(folder, '..')) folders.unshift(folder)
    for (const folder of folders) {
      mkdirSync(folder)
      this.own(folder)
    }
    // A new file, because the old one may be linked to another release folder.
    rmSync(path, { force: true })
    writeFileSync(path, content)
    this.own(path)
  }

  /** Runs install.sh of the release folder with these arguments. */
  install(...words: string[]): Promise<Finished> {
    return this.run(['sh', join(this.release, 'install.sh'), ...words])
  }

  /** Runs the installed program. */
  synapse(...words: string[]): Promise<Finished> {
    return this.run([this.binary, ...words])
  }

  async run(words: string[], extra: Record<string, string> = {}, input?: string): Promise<Finished> {
    const become = IS_ROOT
      ? ['setpriv', `--reuid=${this.uid}`, `--regid=${this.uid}`, '--clear-groups', '--']
      : []
    const child = Bun.spawn([...become, ...words], {
      cwd: this.home,
      env: { PATH: PLAIN_PATH, HOME: this.home, ...extra },
      stdin: input === undefined ? 'ignore' : new Blob([input]),
      stdout: 'pipe',
      stderr: 'pipe',
    })
    return finished(child)
  }

  /** The status of the running server. @throws Error if none is running */
  async status(): Promise<ServerStatus> {
    const { code, stdout, stderr } = await this.synapse('serve', '--status', '--json')
    if (code !== 0) throw new Error(`no server runs: ${stdout}${stderr}`)
    const status = JSON.parse(stdout) as ServerStatus
    this.pids.push(status.pid)
    return status
  }

  /** Every path in the home directory, with its mode. */
  listing(): string[] {
    return listing(this.home)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (exists(this.binary)) await this.synapse('serve', '--stop', '--timeout', '5')
    for (const pid of this.pids) {
      if (isAlive(pid)) process.kill(pid, 'SIGKILL')
      await until(`the end of ${pid}`, () => !isAlive(pid))
    }
    this.directory[Symbol.dispose]()
  }

  private carry({ folder }: Release): void {
    for (const name of readdirSync(folder)) this.put(join(folder, name), join(this.release, name))
  }

  /** Links instead of copying a hundred megabytes, where that is possible. */
  private put(from: string, to: string): void {
    rmSync(to, { force: true })
    try {
      linkSync(from, to)
    } catch {
      copyFileSync(from, to)
      chmodSync(to, statSync(from).mode)
    }
  }

  private own(path: string): void {
    if (IS_ROOT) chownSync(path, this.uid, this.uid)
  }
}

/** Every path below the folder, with type and mode. */
export function listing(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .map((entry) => {
      const path = join(entry.parentPath, entry.name)
      const mode = entry.isSymbolicLink() ? 'link' : (statSync(path).mode & 0o7777).toString(8)
      return `${path.slice(folder.length + 1)}${entry.isDirectory() ? '/' : ''} ${mode}`
    })
    .sort()
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined
}
