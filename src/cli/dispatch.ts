import { didYouMean, wantsHelp } from './lib/argv'
import { UsageError } from './lib/cli-error'
import { EXIT, type ExitCode } from './lib/exit-codes'
import { commandHelp, familyHelp, overview, usageLine } from './lib/help'
import { reportError } from './lib/report'
import { running } from './lib/running-command'
import { note, print, printJson, styleOf } from './lib/terminal'
import { COMMIT, CONTRACT_VERSION, VERSION } from './lib/version'
import { ENTRIES, type Entry, isAdministrative } from './program'

/** Words in the name of a command. */
const MOST_WORDS = 3

/** Runs one command line and returns the exit code. Never rejects: errors are printed on stderr. */
export async function dispatch(argv: readonly string[]): Promise<ExitCode> {
  let entry: Entry | undefined
  try {
    const asked = argv[0] === 'help' ? [...argv.slice(1), '--help'] : argv
    const scope = asked[0] === 'admin' ? 'admin' : 'all'
    const line = scope === 'admin' ? asked.slice(1) : asked
    const [first, ...rest] = line
    if (first === undefined) return noCommand(scope)
    if (first.startsWith('-')) return flagAlone(first, rest, scope)
    // `audit` is a command, and `audit list` another one.
    const command = longest(line, (name) => ENTRIES.some((one) => one.name === name))
    const family = longest(line, (name) => familyOf(name).length > 0)
    const name = command ?? family ?? first
    const words = line.slice(name.split(' ').length)
    if (command === undefined && family !== undefined) {
      const [next] = words
      if (next === undefined || next.startsWith('-')) return familyAlone(family, familyOf(family), words)
      return refuseUnknown(`${family} ${next}`, scope)
    }
    entry = find(name, scope)
    running.command = entry.name
    if (wantsHelp(words)) {
      print(commandHelp(styleOf(process.stdout), entry, await entry.load()))
      return EXIT.ok
    }
    return await (await entry.load()).execute(words)
  } catch (error) {
    const usage = entry !== undefined && error instanceof UsageError ? await usageOf(entry) : []
    return reportError(error, { command: entry?.name, usage })
  }
}

function find(name: string, scope: 'all' | 'admin'): Entry {
  const entry = known(scope).find((candidate) => candidate.name === name)
  return entry ?? refuseUnknown(name, scope)
}

function known(scope: 'all' | 'admin'): readonly Entry[] {
  return ENTRIES.filter((entry) => scope === 'all' || isAdministrative(entry))
}

/** @throws UsageError with the nearest command */
function refuseUnknown(name: string, scope: 'all' | 'admin'): never {
  const names = [
    ...known(scope).map((candidate) => candidate.name),
    ...(scope === 'all' ? ['admin', 'help'] : []),
  ]
  const overviewHint = `synapse ${scope === 'admin' ? 'admin ' : ''}--help lists the commands`
  throw new UsageError(`unknown command '${name}'`, [...didYouMean(name, names), overviewHint])
}

/** Returns the commands whose names begin with these words, and have more. */
function familyOf(words: string): readonly Entry[] {
  return ENTRIES.filter(({ name }) => name.startsWith(`${words} `))
}

/** Returns the longest name at the beginning of a command line for which the test holds. */
function longest(line: readonly string[], test: (name: string) => boolean): string | undefined {
  const names = line.slice(0, MOST_WORDS).map((_, i) => line.slice(0, i + 1).join(' '))
  return names.findLast(test)
}

/** Handles the words of a family without a further one: prints its help, or refuses. */
function familyAlone(word: string, members: readonly Entry[], [flag]: readonly string[]): ExitCode {
  if (flag === undefined || !wantsHelp([flag])) {
    const lines = members.map(({ name, summary }) => `synapse ${name}: ${summary}`)
    throw new UsageError(flag === undefined ? `${word} needs a command` : `unknown option ${flag}`, lines)
  }
  print(familyHelp(styleOf(process.stdout), word, members))
  return EXIT.ok
}

function noCommand(scope: 'all' | 'admin'): ExitCode {
  note(overview(styleOf(process.stderr), scope))
  return EXIT.usage
}

function flagAlone(flag: string, words: readonly string[], scope: 'all' | 'admin'): ExitCode {
  if (['--help', '-h'].includes(flag) && words.length === 0) {
    print(overview(styleOf(process.stdout), scope))
    return EXIT.ok
  }
  if (['--version', '-v', '-V'].includes(flag) && words.every((word) => word === '--json')) {
    const facts = {
      version: VERSION,
      contract: CONTRACT_VERSION,
      ...(COMMIT === '' ? {} : { commit: COMMIT }),
    }
    if (words.length > 0) printJson(facts)
    else print(`synapse ${VERSION}${COMMIT && ` (${COMMIT})`}, contract ${CONTRACT_VERSION}`)
    return EXIT.ok
  }
  throw new UsageError(`unknown option ${flag}`, [
    'write options after the command: synapse <command> [options]',
  ])
}

async function usageOf(entry: Entry): Promise<string[]> {
  const command = await entry.load()
  return [`usage: ${usageLine(entry.name, command)}`, `for all options: synapse ${entry.name} --help`]
}
