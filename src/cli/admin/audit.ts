import { printableJson } from '../../core/kernel/text'
import { CliError } from '../lib/cli-error'
import { command } from '../lib/command'
import { EXIT } from '../lib/exit-codes'
import { note, print, printJson } from '../lib/terminal'
import { counted } from '../lib/text'
import { whereArgs, withClient } from './index'

/** As the API shows it. */
interface Entry {
  readonly at: string
  readonly actor: string | null
  readonly via: string
  readonly ip: string | null
  readonly action: string
  readonly target_type: string | null
  readonly target_id: string | null
  readonly metadata: Readonly<Record<string, unknown>>
}

interface Page {
  readonly entries: readonly Entry[]
  readonly next_cursor: string | null
}

interface Verification {
  readonly entries: number
  readonly hash: string
  readonly broken: { readonly entry: number; readonly problem: 'changed' | 'missing' } | null
  readonly known: boolean | null
}

const json = { type: 'boolean', description: 'Print JSON instead of text' } as const

export const listAudit = command({
  args: {
    actor: { type: 'string', valueHint: 'handle', description: 'What this account did' },
    action: {
      type: 'string',
      valueHint: 'begin',
      description: 'An action, or how it begins, such as token.',
    },
    target: { type: 'string', valueHint: 'id', description: 'What was done to this; an id, or a setting' },
    since: {
      type: 'string',
      valueHint: 'time',
      description: 'Not before, ISO 8601; a day alone is its midnight, UTC',
    },
    limit: { type: 'string', valueHint: 'n', description: 'How many; otherwise 100, at most 500' },
    cursor: { type: 'string', valueHint: 'c', description: 'Go on where a page ended: its next_cursor' },
    ...whereArgs,
    json,
  },
  notes: [
    'Rare acts alone: accounts, credentials, memberships, channels, settings, sign-ins. Posts are not in it.',
  ],
  examples: [
    'synapse audit',
    'synapse audit --action token. --since 2026-05-01 --limit 20',
    'synapse audit --actor ada --json',
  ],
  async run({ args }) {
    const { actor, action, target, since, limit, cursor } = args
    const filter = { actor, action, target, since, limit, cursor }
    const page = await withClient(args, (client) => client.get<Page>('/v1/admin/audit', filter))
    if (args.json === true) printJson(page)
    else for (const entry of page.entries) print(lineOf(entry))
    if (args.json !== true && page.next_cursor !== null) note(`more: --cursor ${page.next_cursor}`)
    return undefined
  },
})

/** A log of many entries takes its time. */
const VERIFIED_WITHIN_MS = 60 * 60_000

export const verifyAudit = command({
  args: {
    known: {
      type: 'string',
      valueHint: 'hash',
      description: 'A hash that this command printed before, which must still be there',
    },
    ...whereArgs,
    json,
  },
  notes: [
    'Each entry holds a hash of the one before it. Prints the newest; kept elsewhere and given as --known, it also shows',
    'that nothing was cut off at the end. Exit status 1 when something is not as it was written.',
  ],
  examples: ['synapse audit verify', 'synapse audit verify --json'],
  async run({ args }) {
    const found = await withClient(args, (client) =>
      client.get<Verification>('/v1/admin/audit/verify', { known: args.known }, VERIFIED_WITHIN_MS),
    )
    if (args.json === true) printJson(found)
    const { entries, hash, broken, known } = found
    if (broken !== null)
      throw new CliError(EXIT.failure, `entry ${broken.entry} of the audit log ${WORDS[broken.problem]}`, [
        `${counted(entries, 'entry', 'entries')} before it: all as written`,
        'somebody wrote to the database itself; compare with a backup: synapse backup list',
      ])
    if (known === false)
      throw new CliError(
        EXIT.failure,
        'the hash is not in the audit log: entries were cut off, or all were replaced',
      )
    if (args.json !== true) print(`${counted(entries, 'entry', 'entries')}, all as written\n${hash}`)
    return undefined
  },
})

const WORDS = { changed: 'is not what was written', missing: 'is missing' } as const

function lineOf({ at, actor, via, ip, action, target_type, target_id, metadata }: Entry): string {
  const who = actor === null ? via : `@${actor}`
  const where = ip === null ? '' : ` from ${ip}`
  const target = target_type === null ? '' : ` ${target_type} ${target_id}`
  const facts = Object.keys(metadata).length === 0 ? '' : ` ${printableJson(metadata)}`
  return `${at.slice(0, 19).replace('T', ' ')}  ${who}${where}  ${action}${target}${facts}`
}
