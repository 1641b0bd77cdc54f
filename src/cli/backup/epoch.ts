import { UsageError } from '../lib/cli-error'
import { command } from '../lib/command'
import { print, printJson } from '../lib/terminal'
import { configAt, homeArgs, refuseAbsent } from './index'

export const rotate = command({
  args: {
    from: {
      type: 'string',
      valueHint: 'seq',
      description: 'The first position that clients may know differently; otherwise the next one',
    },
    ...homeArgs,
  },
  notes: [
    'Positions that clients hold from there on are answered with 409 cursor_epoch, and they read again. Obligatory',
    'after pg_restore, and after a SQLite file was put back by hand. --from is for a server that has run since: give the',
    'first position after the copy. Stop the server first.',
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
