import { didYouMean, wantsHelp } from './argv'
import { UsageError } from './cli-error'
import { EXIT, type ExitCode } from './exit-codes'
import { commandHelp, overview, usageLine } from './help'
import { ENTRIES, type Entry } from './program'
import { reportError } from './report'
import { note, printJson, styleOf } from './terminal'
import { COMMIT, CONTRACT_VERSION, VERSION } from './version'

/** Runs one command line and answers the exit code. Never rejects: what goes wrong is told on stderr. */
export async function dispatch(argv: readonly string[]): Promise<ExitCode> {
  let entry: Entry | undefined
  try {
    const asked = argv[0] === 'help' ? [...argv.slice(1), '--help'] : argv
    const scope = asked[0] === 'admin' ? 'admin' : 'all'
    const [name, ...words] = scope === 'admin' ? asked.slice(1) : asked
    if (name === undefined) return noCommand(scope)
    if (name.startsWith('-')) return flagAlone(name, words, scope)
    entry = find(name, scope)
    if (wantsHelp(words)) {
      console.log(commandHelp(styleOf(process.stdout), entry, await entry.load()))
      return EXIT.ok
    }
    return await (await entry.load()).execute(words)
  } catch (error) {
    const usage = entry !== undefined && error instanceof UsageError ? await usageOf(entry) : []
    return reportError(error, { command: entry?.name, usage })
  }
}

function find(name: string, scope: 'all' | 'admin'): Entry {
  const known = ENTRIES.filter(({ group }) => scope === 'all' || group !== 'Server')
  const entry = known.find((candidate) => candidate.name === name)
  if (entry !== undefined) return entry
  const names = [...known.map((candidate) => candidate.name), ...(scope === 'all' ? ['admin', 'help'] : [])]
  const overviewHint = `synapse ${scope === 'admin' ? 'admin ' : ''}--help lists the commands`
  throw new UsageError(`unknown command '${name}'`, [...didYouMean(name, names), overviewHint])
}

function noCommand(scope: 'all' | 'admin'): ExitCode {
  note(overview(styleOf(process.stderr), scope))
  return EXIT.usage
}

function flagAlone(flag: string, words: readonly string[], scope: 'all' | 'admin'): ExitCode {
  if (['--help', '-h'].includes(flag) && words.length === 0) {
    console.log(overview(styleOf(process.stdout), scope))
    return EXIT.ok
  }
  if (['--version', '-v', '-V'].includes(flag) && words.every((word) => word === '--json')) {
    const facts = {
      version: VERSION,
      contract: CONTRACT_VERSION,
      ...(COMMIT === '' ? {} : { commit: COMMIT }),
    }
    if (words.length > 0) printJson(facts)
    else console.log(`synapse ${VERSION}${COMMIT && ` (${COMMIT})`}, contract ${CONTRACT_VERSION}`)
    return EXIT.ok
  }
  throw new UsageError(`unknown option ${flag}`, [
    'options stand behind the command: synapse <command> [options]',
  ])
}

async function usageOf(entry: Entry): Promise<string[]> {
  const command = await entry.load()
  return [`usage: ${usageLine(entry.name, command)}`, `synapse ${entry.name} --help explains each option`]
}
