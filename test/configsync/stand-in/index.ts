/**
 * A stand-in for the released clients of ConfigSync: the same commands, requests, bodies, sizes and exit codes, with an
 * encryption of its own. It keeps its state in HOME, reads CONFIGSYNC_MASTER_PASSWORD, and appends its requests to the
 * file CONFIGSYNC_TRACE. It uses only what Node has, so that a test can run it there, with the HTTP client of Node.
 */
import { parseArgs } from 'node:util'
import * as commands from './commands'
import { Failed } from './requests'

const TYPES = ['project', 'workspace', 'config', 'module', 'profile']
const text = { type: 'string' } as const
const flag = { type: 'boolean' } as const

async function run(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      ...{
        token: text,
        'api-url': text,
        snapshot: text,
        project: text,
        workspace: text,
        path: text,
        from: text,
      },
      ...{ version: text, name: text, 'git-url': text, tier: text, times: text },
      ...{ changed: flag, 'list-machines': flag, force: flag },
    },
  })
  const options = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]))
  const [command = '', verb = '', first = '', second = ''] = positionals
  if (TYPES.includes(command)) return runOnEntity(command, verb, first, second, options)
  switch (command) {
    case 'login':
      return commands.login(options)
    case 'init':
      return commands.init(options)
    case 'watch':
      return commands.watch(options)
    case 'setup':
      return commands.setup()
    case 'doctor':
      return commands.doctor()
    case 'add':
      return commands.add(positionals.slice(1))
    case 'push':
      return commands.push(options)
    case 'pull':
      return commands.pull(options)
    case 'history':
      return commands.history(options)
    case 'rollback':
      return commands.rollback(options)
    case 'diff':
      return commands.diff(options)
    case 'sync':
      return commands.sync()
    case 'env':
      return verb === 'create' ? commands.createEnvironment(first, options) : commands.listEnvironments()
    default:
      throw new Failed(`unknown command: ${command}`)
  }
}

async function runOnEntity(
  type: string,
  verb: string,
  first: string,
  second: string,
  options: Readonly<Record<string, string>>,
): Promise<void> {
  switch (verb) {
    case 'add':
      return type === 'project' ? commands.addProject(first, options) : commands.addEntity(type, first)
    case 'list':
      return commands.listEntities(type)
    case 'rename':
      return commands.renameEntity(type, first, second)
    case 'delete':
      return commands.deleteEntity(type, first, options)
    case 'add-package':
      return commands.addPackage(type, first, second)
    case 'add-project':
      return commands.addToWorkspace(first, second)
    case 'add-workspace':
      return commands.addToProfile(first, second)
    case 'activate':
    case 'deactivate':
      return commands.activateProfile(first, verb === 'activate')
    default:
      throw new Failed(`unknown command: ${type} ${verb}`)
  }
}

try {
  await run()
} catch (error) {
  if (!(error instanceof Failed)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = error.code
}
