import { UsageError } from '../lib/cli-error'
import { command } from '../lib/command'
import { print, printJson } from '../lib/terminal'
import { configAt, homeArgs, refuseAbsent } from './index'

export const rotate = command({
  args: {
    from: {
      type: 'string',
      valueHint: 'seq',
      description: 'First position that may differ for clients; default: the next one',
    },
    ...homeArgs,
  },
  notes: [
    'Stop the server first. Requests with later positions are then answered with 409 cursor_epoch, so that clients read',
    'again. Required after pg_restore, and after a SQLite file was copied back by hand. If a server has run since then,',
    'give the first position after the copy as --from.',
  ],
  examples: ['synapse epoch rotate', 'synapse epoch rotate --from 5001'],
  async run({ args }) {
    if (args.from !== undefined && !/^[1-9]\d{0,14}$/.test(args.from))
      throw new UsageError('--from is a position: a whole number from 1')
    const config = configAt(args.home)
    refuseAbsent(config)
    const { rotateEpoch } = await import('../../app/backups')
    const begun = await rotateEpoch(config, args.from === undefined ? undefined : Number(args.from))
    if (args.json === true) printJson(begun)
    else print(`epoch ${begun.epoch} begins at seq ${begun.first_seq}`)
    return undefined
  },
})
