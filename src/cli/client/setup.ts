import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { findClient } from '../../config/client'
import { processEnvironment } from '../../config/environment'
import { CliError, UsageError } from '../lib/cli-error'
import { clientPath, writePrivate } from '../lib/client-folder'
import { command } from '../lib/command'
import { baseOf } from '../lib/connect'
import { EXIT } from '../lib/exit-codes'
import { askSecret } from '../lib/prompt'
import { isInteractive, note, print, styleOf } from '../lib/terminal'
import { words } from '../lib/text'
import { addHooks, type HookChange, removeHooks } from './agent-hooks'
import { failureOf } from './failure'
import { saveToken } from './files'
import { clientArgs, clientOf, printWire } from './index'
import { readInput } from './input'
import { withSettings } from './synapse-toml'

export const setup = command({
  args: {
    ...clientArgs,
    url: { ...clientArgs.url, description: 'Address of the server; default: that of the file' },
    config: {
      ...clientArgs.config,
      description: 'The synapse.toml to write; default: ~/.synapse/synapse.toml',
    },
    channels: {
      type: 'string',
      valueHint: 'a,b',
      description: 'Channels to listen to; default: every channel of the account',
    },
    'token-file': { type: 'string', valueHint: 'file', description: 'File with the token; - reads stdin' },
    hooks: {
      type: 'boolean',
      description: 'Also let a coding agent on this machine see new messages with each prompt',
    },
    'remove-hooks': { type: 'boolean', description: 'Take them out again; nothing else is done' },
    json: { type: 'boolean', description: 'Print JSON instead of text' },
  },
  notes: [
    'The token is from --token-file, SYNAPSE_TOKEN, a pipe, or ~/.synapse/<handle>.token of --handle; otherwise the terminal',
    'asks for it. It is checked at the server before anything is written. It is saved as ~/.synapse/<handle>.token, readable',
    'by its owner only, under the handle of its account. Other keys of synapse.toml stay as they are.',
  ],
  examples: [
    'synapse setup --url https://chat.example.org',
    'synapse setup --url http://localhost:8080 --channels family-ops,general',
    'synapse setup --url https://chat.example.org --token-file token.txt --json',
    'synapse setup --hooks',
  ],
  async run({ args }) {
    const { config: named, handle } = args
    if (args['remove-hooks'] === true) return tellHooks(removeHooks(), args.json === true)
    const path = fileToWrite(named)
    const before = existsSync(path) ? findClient({ config: path, env: {} }) : undefined
    const url = args.url === undefined ? before?.url : baseOf(args.url)
    if (url === undefined) throw new UsageError('--url is missing')
    // A user who only adds hooks has saved a token already.
    const saved = args.hooks === true ? before?.handle : undefined
    const client = clientOf({
      ...(before ?? findClient({ url, env: {} }) ?? refuse()),
      url,
      handle: undefined,
      credential: {
        token: await tokenOf({ ...args, handle: args.handle ?? saved }),
        from: 'the input',
        isOpen: false,
      },
    })
    const me = await client.me().catch(async (error) => {
      throw await failureOf(error, client)
    })
    const channels = args.channels === undefined ? undefined : slugs(args.channels)
    const text = before === undefined ? '' : readFileSync(path, 'utf8')
    const written = withSettings(text, { base_url: url, handle: me.handle, channels })
    const tokenFile = saveToken(me.handle, client.config.credential?.token ?? '')
    writePrivate(path, written)
    if (args.json === true)
      printWire({
        url,
        handle: me.handle,
        kind: me.kind,
        scopes: me.scopes,
        token_file: tokenFile,
        config: path,
      })
    else {
      const { green } = styleOf(process.stdout)
      print(`${green('ok')}    ${me.handle} (${me.kind}) at ${url}`)
      print(`${green('ok')}    ${tokenFile}`)
      print(`${green('ok')}    ${path}`)
      if (handle !== undefined && handle !== me.handle)
        note(`the token belongs to ${me.handle}, not to ${handle}`)
      remarkOnPrecedence(path, named)
      note('Next: synapse status')
    }
    if (args.hooks === true) tellHooks(addHooks(), args.json === true)
    return undefined
  },
})

/** Says what was changed in the settings of the coding agent. */
function tellHooks({ settings, backup, commands }: HookChange, isJson: boolean): undefined {
  if (isJson) {
    printWire({ settings, backup: backup ?? null, commands })
    return
  }
  const { green } = styleOf(process.stdout)
  print(`${green('ok')}    ${settings}${backup === undefined ? '' : `, as it was: ${backup}`}`)
  for (const path of commands) print(`${green('ok')}    ${path}`)
}

function refuse(): never {
  throw new UsageError('--url is missing')
}

function slugs(list: string): string[] {
  return words(list).map((slug) => slug.replace(/^#/, '').toLowerCase())
}

/** @throws UsageError for another file than a synapse.toml */
function fileToWrite(named: string | undefined): string {
  const path = named ?? (processEnvironment().SYNAPSE_CONFIG || undefined)
  if (path === undefined) return join(clientPath(), 'synapse.toml')
  if (!path.endsWith('.toml'))
    throw new UsageError('--config must be a synapse.toml: setup writes no other file')
  const whole = resolve(path)
  if (existsSync(dirname(whole))) return whole
  throw new CliError(EXIT.failure, `there is no folder ${dirname(whole)}`, ['create it, or correct --config'])
}

/** Where the token comes from. @throws UsageError, CliError */
async function tokenOf(args: {
  readonly 'token-file': string | undefined
  readonly handle: string | undefined
}): Promise<string> {
  const file = args['token-file']
  const { SYNAPSE_TOKEN } = processEnvironment()
  if (file !== undefined) return checked(file === '-' ? await readInput('--token-file') : readToken(file))
  if (SYNAPSE_TOKEN) return checked(SYNAPSE_TOKEN)
  if (args.handle !== undefined) {
    const saved = join(clientPath(), `${args.handle.replace(/^@/, '').toLowerCase()}.token`)
    if (existsSync(saved)) return checked(readToken(saved))
  }
  return checked(isInteractive() ? await askSecret('Token: ') : await readInput('--token-file'))
}

function readToken(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    throw new CliError(EXIT.failure, `cannot read ${path}`, ['--token-file names a file with the token'])
  }
}

/** @throws UsageError for what is no token, without quoting it */
function checked(text: string): string {
  const token = text.trim()
  if (/^[\x21-\x7e]+$/.test(token)) return token
  throw new UsageError(token === '' ? 'the token is empty' : 'the token has characters that no token has', [
    'an admin issues one: synapse onboard-agent --handle … --channels …, or synapse issue-token',
  ])
}

/** Says so if another file or the environment will be used instead of the one that was written. */
function remarkOnPrecedence(path: string, named: string | undefined): void {
  const { SYNAPSE_URL, SYNAPSE_HANDLE, SYNAPSE_TOKEN, SYNAPSE_TOKEN_FILE } = processEnvironment()
  const here = resolve('synapse.toml')
  if (named === undefined && here !== path && existsSync(here)) note(`in this folder, ${here} goes before it`)
  const set = Object.entries({ SYNAPSE_URL, SYNAPSE_HANDLE, SYNAPSE_TOKEN, SYNAPSE_TOKEN_FILE })
    .filter(([, value]) => value)
    .map(([name]) => name)
  if (set.length > 0) note(`the environment goes before it: ${set.join(', ')}`)
}
