import { printableJson } from '../../core/kernel/text'
import { CliError } from '../lib/cli-error'
import { command } from '../lib/command'
import { EXIT } from '../lib/exit-codes'
import { note, print, printJson } from '../lib/terminal'
import { counted } from '../lib/text'
import type { AuditEntry, AuditVerification } from '../lib/wire'
import { whereArgs, withClient } from './index'

interface Page {
  readonly entries: readonly AuditEntry[]
  readonly next_cursor: string | null
}

const json = { type: 'boolean', description: 'Print JSON instead of text' } as const

export const listAudit = command({
  args: {
    actor: { type: 'string', valueHint: 'handle', description: 'Only entries of this account' },
    action: {
      type: 'string',
      valueHint: 'begin',
      description: 'Only this action, or all that begin with this text, such as token.',
    },
    target: { type: 'string', valueHint: 'id', description: 'Only entries about this id or setting' },
    since: {
      type: 'string',
      valueHint: 'time',
      description: 'Only entries since this time, ISO 8601; a date means midnight UTC',
    },
    limit: { type: 'string', valueHint: 'n', description: 'Number of entries; default: 100, at most 500' },
    cursor: { type: 'string', valueHint: 'c', description: 'Continue after a page: its next_cursor' },
    ...whereArgs,
    json,
  },
  notes: [
    'The log holds changes of accounts, credentials, memberships, channels and settings, and sign-ins. It holds no posts.',
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

/** Verifying a log of many entries takes long. */
const VERIFIED_WITHIN_MS = 60 * 60_000

export const verifyAudit = command({
  args: {
    known: {
      type: 'string',
      valueHint: 'hash',
      description: 'A hash that this command printed earlier, which the log must still contain',
    },
    ...whereArgs,
    json,
  },
  notes: [
    'Each entry holds a hash of the one before it. The command prints the newest hash. Keep it elsewhere and pass it as',
    '--known later, to see that no entry was cut off at the end. Exit status 1 when the log was changed.',
  ],
  examples: ['synapse audit verify', 'synapse audit verify --json'],
  async run({ args }) {
    const found = await withClient(args, (client) =>
      client.get<AuditVerification>('/v1/admin/audit/verify', { known: args.known }, VERIFIED_WITHIN_MS),
    )
    if (args.json === true) printJson(found)
    const { entries, hash, broken, known } = found
    if (broken !== null)
      throw new CliError(EXIT.failure, `entry ${broken.entry} of the audit log ${WORDS[broken.problem]}`, [
        `${counted(entries, 'entry', 'entries')} before it unchanged`,
        'the database was changed directly; compare it with a backup: synapse backup list',
      ])
    if (known === false)
      throw new CliError(
        EXIT.failure,
        'the hash is not in the audit log: entries were cut off, or all were replaced',
      )
    if (args.json !== true) print(`${counted(entries, 'entry', 'entries')}, all unchanged\n${hash}`)
    return undefined
  },
})

const WORDS = { changed: 'is not what was written', missing: 'is missing' } as const

function lineOf({ at, actor, via, ip, action, target_type, target_id, metadata }: AuditEntry): string {
  const who = actor === null ? via : `@${actor}`
  const where = ip === null ? '' : ` from ${ip}`
  const target = target_type === null ? '' : ` ${target_type} ${target_id}`
  const facts = Object.keys(metadata).length === 0 ? '' : ` ${printableJson(metadata)}`
  return `${at.slice(0, 19).replace('T', ' ')}  ${who}${where}  ${action}${target}${facts}`
}
