import type { PlaceName } from '../../../app/blob-migration'
import { blobUrl } from '../../../config'
import { configAt, ownDid } from '../../backup'
import { CliError, UsageError } from '../../lib/cli-error'
import { command } from '../../lib/command'
import { EXIT } from '../../lib/exit-codes'
import { progressBar } from '../../lib/progress'
import { printJson } from '../../lib/terminal'

const PLACES = ['fs', 's3'] as const satisfies readonly PlaceName[]

export const migrateStore = command({
  args: {
    from: { type: 'enum', required: true, options: [...PLACES], description: 'Where the ciphertext is' },
    to: { type: 'enum', required: true, options: [...PLACES], description: 'Where it is copied to' },
    home: { type: 'string', valueHint: 'dir', description: 'Home directory of the server (SYNAPSE_HOME)' },
    json: { type: 'boolean', description: 'Show no progress; the output is always JSON' },
  },
  notes: [
    'fs is the folder of SYNAPSE_BLOB_URL, or blobs/ of the home. s3 is the bucket of SYNAPSE_CONFIGSYNC_S3_BUCKET, or that',
    'of SYNAPSE_BLOB_URL. Set what the bucket needs, and leave SYNAPSE_CONFIGSYNC_STORE as it is. Every copy is read again',
    'and compared; the source stays. An interrupted copy goes on where it ended. While a server runs, the copy is not',
    'complete: stop the server, run the command again, set SYNAPSE_CONFIGSYNC_STORE as the output says, and start it.',
    'Exit status 1 if a blob is corrupt in the source; it is listed and not copied.',
  ],
  examples: [
    'synapse configsync migrate-store --from fs --to s3',
    'synapse configsync migrate-store --from s3 --to fs',
  ],
  async run({ args }) {
    const { from, to } = args
    if (from === to) throw new UsageError('--from and --to name the same place')
    const config = configAt(args.home)
    const did = ownDid(config)
    if (did === undefined)
      throw new CliError(EXIT.notFound, `${config.home} has no instance key`, ['name the home with --home'])
    const { migrateBlobs } = await import('../../../app/blob-migration')
    const bar = progressBar({ quiet: args.json === true })
    const onProgress = (step: { done: number; total: number }) =>
      bar.show({ phase: 'copying', table: 'blobs', unit: 'blobs', ...step })
    const { isComplete, ...copy } = await migrateBlobs(config, { from, to, did, onProgress }).finally(() =>
      bar.end(),
    )
    const urlOf = (name: PlaceName) => {
      const place = config.configsyncPlaces[name]
      return place && blobUrl(place.blobs)
    }
    const setting = urlOf(to) === blobUrl(config.blobs) ? 'default' : to
    printJson({
      ...{ from: urlOf(from), to: urlOf(to), ...copy, complete: isComplete },
      _next: isComplete
        ? `set SYNAPSE_CONFIGSYNC_STORE=${setting}, start the server, and run synapse configsync verify`
        : 'stop the server and run the same command again: it copies what was stored meanwhile',
    })
    return copy.corrupt.length > 0 ? EXIT.failure : undefined
  },
})
