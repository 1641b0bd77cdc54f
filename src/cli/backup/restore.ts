import { blobFolderOf } from '../../app/blobs'
import {
  type Restored,
  type RestoreStep,
  readSealedKeys,
  restoreStore,
  type SealedKeys,
  type StoreFacts,
  unsealKeys,
  type Verdict,
  verifyBackup,
} from '../../backup'
import type { Config } from '../../config'
import { lockHome, prepareHome } from '../../home'
import { CliError, UsageError } from '../lib/cli-error'
import { command } from '../lib/command'
import { EXIT } from '../lib/exit-codes'
import { hasServer, QUEUE_WITHIN_MS } from '../lib/home-lock'
import { ask } from '../lib/prompt'
import { isInteractive, note, print, printJson } from '../lib/terminal'
import { counted } from '../lib/text'
import { configAt, fileCalled, foldersOf, homeArgs, ownDid, passphraseFor } from './index'

export const restoreCopy = command({
  args: {
    file: {
      type: 'positional',
      required: true,
      description: 'A path, or a name that backup list shows',
    },
    keys: { type: 'string', valueHint: 'file', description: 'Also restore the keys, from keys-….sealed' },
    blobs: { type: 'boolean', description: 'Also restore uploaded files that are missing' },
    yes: { type: 'boolean', description: 'Do not ask for confirmation' },
    ...homeArgs,
  },
  notes: [
    'Stop the server first. The replaced store is kept in <home>/replaced-<time>/. Requests with positions from after the',
    'backup are then answered with 409 cursor_epoch, so that clients read again. A restored store needs the instance key',
    'of the backup, and a server refuses to start without it; with a new key every federation pair breaks, and stored',
    'secrets of webhooks and peers are lost. To complete an interrupted restore, run it again; no server starts before.',
  ],
  examples: [
    'synapse backup restore synapse-20261121T030000.000Z.db',
    'synapse backup restore /mnt/backups/synapse-20261121T030000.000Z.db --keys /mnt/backups/keys-20261121T030000.000Z.sealed --blobs',
  ],
  async run({ args }) {
    const config = configAt(args.home)
    if (config.database.kind === 'postgres')
      throw new CliError(EXIT.failure, 'the store of this home is Postgres', [
        'restore it with pg_restore, then run synapse epoch rotate: docs/backup.md',
      ])
    const folders = () => foldersOf(config)
    const file = fileCalled(args.file, folders)
    const sealed = args.keys === undefined ? undefined : readSealedKeys(fileCalled(args.keys, folders))
    prepareHome(config.home)
    const { path: database } = config.database
    const waitMs = hasServer(config.home) ? 0 : QUEUE_WITHIN_MS
    await using _held = await lockHome(config.home, { database, waitMs })
    note(`checking ${file} …`)
    const copy = await verifyBackup(file)
    const { facts } = copy
    if (copy.problems.length > 0 || facts === undefined)
      throw new CliError(EXIT.failure, `${file} is damaged, and nothing was changed`, copy.problems)
    if (args.blobs === true && copy.backup?.record.blobs !== true)
      throw new UsageError('this backup was made without blobs: leave --blobs out')
    for (const line of [...copy.remarks, ...warningsOf(config, facts, sealed)]) note(`note: ${line}`)
    await confirm(args.yes === true, config.home)
    const keys =
      sealed === undefined
        ? undefined
        : await unsealKeys(sealed, await passphraseFor(config, 'The passphrase of the keys', false))
    const restored = await restoreStore({
      home: config.home,
      database,
      copy,
      blobs: args.blobs === true ? folderOfBlobs(config) : null,
      keys,
      now: new Date(),
      step: stepNotes(copy),
    })
    if (args.json === true) printJson(jsonOf(file, restored))
    else print(textOf(restored))
    return undefined
  },
})

/** @throws UsageError if blobs are not in a folder */
function folderOfBlobs(config: Config): string {
  const folder = blobFolderOf(config)
  if (folder) return folder.path
  throw new UsageError(
    'SYNAPSE_BLOB_URL names a bucket, and blobs are put back into a folder: leave --blobs out',
  )
}

/** Returns warnings about what will not work after the restore. @throws CliError for keys of another instance */
function warningsOf(config: Config, { did }: StoreFacts, sealed: SealedKeys | undefined): string[] {
  if (did === undefined) return []
  const own = ownDid(config)
  if (sealed !== undefined && sealed.did !== did)
    throw new CliError(EXIT.failure, `these keys are of ${sealed.did}, but the backup is of ${did}`, [
      'name the keys that were taken with it',
    ])
  if (own !== did && config.instanceKey !== undefined)
    return [
      `the key in SYNAPSE_INSTANCE_KEY is that of ${own}, and the backup is of ${did}`,
      'with it a server refuses to start on the restored store: set it to the right key, or unset it and add --keys',
    ]
  if (sealed !== undefined && own !== undefined && own !== did)
    return [`the key of this home (${own}) is replaced by that of the backup (${did})`]
  if (sealed !== undefined || own === did) return []
  return [
    `the key of this home ${own === undefined ? 'is missing' : `is that of ${own}`}, and the backup is of ${did}`,
    'without its key a server refuses to start on the restored store: add --keys keys-….sealed, or restore the key file',
    'with a new key every federation pair breaks, and stored secrets of webhooks and peers are lost',
  ]
}

async function confirm(isAgreed: boolean, home: string): Promise<void> {
  if (isAgreed) return
  if (!isInteractive())
    throw new UsageError('restore asks for confirmation, and there is no terminal to ask on', ['add --yes'])
  const answer = await ask(`Replace the store of ${home}? yes or no`, 'no')
  if (!/^y(?:es)?$/i.test(answer)) throw new CliError(EXIT.interrupted, 'cancelled, and nothing was changed')
}

function stepNotes({ file }: Verdict): (name: RestoreStep) => void {
  return (name) => {
    if (process.stderr.isTTY && name === 'copy') note(`copying ${file} …`)
  }
}

function jsonOf(file: string, { before, after, replaced, blobs }: Restored) {
  const shown = (facts: StoreFacts | undefined) =>
    facts === undefined ? null : { epoch: facts.epoch, last_seq: facts.lastSeq, counts: facts.counts }
  return { file, before: shown(before), after: shown(after), replaced, blobs }
}

function textOf({ before, after, replaced, blobs }: Restored): string {
  const rows = Object.keys(after.counts).map(
    (name) => [name, before?.counts[name], after.counts[name]] as const,
  )
  return [
    `${''.padEnd(10)}${'before'.padStart(12)}${'after'.padStart(12)}`,
    ...[...rows, ['last seq', before?.lastSeq, after.lastSeq] as const].map(
      ([name, was, is]) => `${name.padEnd(10)}${String(was ?? '–').padStart(12)}${String(is).padStart(12)}`,
    ),
    ...(blobs > 0 ? [`put back ${counted(blobs, 'blob')}`] : []),
    `epoch ${after.epoch} begins; the former store is in ${replaced}`,
  ].join('\n')
}
