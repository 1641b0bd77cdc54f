import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { processEnvironment, userFolder } from '../../config/environment'
import { CliError } from '../lib/cli-error'
import { writePrivate } from '../lib/client-folder'
import { EXIT } from '../lib/exit-codes'
import { SLASH_COMMANDS } from './slash-commands'

/** What a coding agent runs; by this its entry is found again. */
const COMMAND = 'synapse hook'
/** Seconds that a hook may take. The command itself gives up earlier. */
const TIMEOUT_S = 10
/** The events at which new messages are shown (https://code.claude.com/docs/en/hooks). */
const EVENTS = ['SessionStart', 'UserPromptSubmit'] as const

interface HookGroup {
  readonly hooks?: readonly {
    readonly type?: unknown
    readonly command?: unknown
    readonly timeout?: unknown
  }[]
}

/** What was changed. */
export interface HookChange {
  readonly settings: string
  /** The copy of the settings as they were; undefined if there were none, or nothing had to change. */
  readonly backup: string | undefined
  readonly commands: readonly string[]
}

/** Adds the hooks and slash commands of Synapse to the settings of the coding agent. @throws CliError */
export function addHooks(): HookChange {
  const folder = agentFolder()
  mkdirSync(folder, { recursive: true })
  const change = rewrite(folder, withHooks)
  mkdirSync(join(folder, 'commands'), { recursive: true })
  const commands = SLASH_COMMANDS.map(({ name, text }) => {
    const path = join(folder, 'commands', `${name}.md`)
    writeFileSync(path, text)
    return path
  })
  return { ...change, commands }
}

/** Takes them out again. What others have added stays. @throws CliError */
export function removeHooks(): HookChange {
  const folder = agentFolder()
  const commands = SLASH_COMMANDS.map(({ name }) => join(folder, 'commands', `${name}.md`)).filter((path) =>
    existsSync(path),
  )
  for (const path of commands) rmSync(path)
  return { ...rewrite(folder, withoutHooks), commands }
}

function agentFolder(): string {
  const env = processEnvironment()
  return env.CLAUDE_CONFIG_DIR || join(userFolder(env), '.claude')
}

type Settings = Readonly<Record<string, unknown>>

function rewrite(folder: string, change: (settings: Settings) => Settings) {
  const settings = join(folder, 'settings.json')
  const text = existsSync(settings) ? readFileSync(settings, 'utf8') : undefined
  const before = text === undefined ? {} : parsed(settings, text)
  const after = change(before)
  if (JSON.stringify(after) === JSON.stringify(before)) return { settings, backup: undefined }
  const backup = text === undefined ? undefined : `${settings}.${stamp()}.bak`
  if (backup !== undefined) writePrivate(backup, text ?? '')
  writePrivate(settings, `${JSON.stringify(after, null, 2)}\n`)
  return { settings, backup }
}

/** @throws CliError for what is no JSON object, which stays as it is */
function parsed(path: string, text: string): Settings {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    value = undefined
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Settings
  throw new CliError(EXIT.failure, `${path} is no JSON object`, ['correct it, then run the command again'])
}

function withHooks(settings: Settings): Settings {
  const rest = withoutHooks(settings)
  const hooks = { ...groupsOf(rest) }
  for (const event of EVENTS)
    hooks[event] = [
      ...(hooks[event] ?? []),
      { hooks: [{ type: 'command', command: COMMAND, timeout: TIMEOUT_S }] },
    ]
  return { ...rest, hooks }
}

function withoutHooks(settings: Settings): Settings {
  if (settings.hooks === undefined) return settings
  const kept = Object.entries(groupsOf(settings)).flatMap(([event, groups]): [string, unknown][] => {
    if (!Array.isArray(groups)) return [[event, groups]]
    const others = groups.filter((group) => !isOurs(group))
    return others.length === 0 && groups.length > 0 ? [] : [[event, others]]
  })
  const { hooks: _hooks, ...rest } = settings
  return kept.length === 0 ? rest : { ...rest, hooks: Object.fromEntries(kept) }
}

function groupsOf({ hooks }: Settings): Record<string, readonly HookGroup[]> {
  return typeof hooks === 'object' && hooks !== null ? (hooks as Record<string, readonly HookGroup[]>) : {}
}

function isOurs(group: HookGroup): boolean {
  const { hooks } = group ?? {}
  return Array.isArray(hooks) && hooks.length > 0 && hooks.every(({ command } = {}) => command === COMMAND)
}

/** The time in a file name. */
function stamp(): string {
  return new Date().toISOString().replace(/[-:]/g, '')
}
