import { CliError } from '../lib/cli-error'
import { command } from '../lib/command'
import { EXIT } from '../lib/exit-codes'
import { note, print } from '../lib/terminal'
import { isActive, setActive } from './files'
import { clientArgs, clientCommand, configOf, printWire } from './index'

export const activate = clientCommand({
  args: {},
  notes: [
    'Checks the token, then creates ~/.synapse/<handle>.active. Hooks and wakers act only while that file exists.',
  ],
  examples: ['synapse activate', 'synapse activate --handle assistant'],
  async act({ me, config }, args) {
    const { handle, kind } = await me()
    setActive(handle, true)
    if (args.json === true) printWire({ handle, active: true })
    else {
      const channels =
        config.channels.length === 0 ? 'every channel' : config.channels.map((slug) => `#${slug}`).join(', ')
      print(`${handle} (${kind}) is active, in ${channels}`)
    }
    return undefined
  },
})

export const deactivate = command({
  args: clientArgs,
  notes: ['Removes ~/.synapse/<handle>.active. Works without the server. Tokens and positions stay.'],
  examples: ['synapse deactivate', 'synapse deactivate --handle assistant'],
  async run({ args }) {
    const { handle } = configOf(args)
    if (handle === undefined)
      throw new CliError(EXIT.usage, 'the handle is not known here', ['name it with --handle'])
    const was = isActive(handle)
    setActive(handle, false)
    if (args.json === true) printWire({ handle, active: false })
    else print(`${handle} is not active`)
    if (!was && args.json !== true) note('it was not before, either')
    return undefined
  },
})
