import type { ArgDef, ArgsDef } from 'citty'
import { withoutCredentials } from '../../config'
import { editDistance, nearest } from '../../config/nearest'
import { UsageError } from './cli-error'

/** Reports whether a command line asks for help. Words after `--` do not count. */
export function wantsHelp(rawArgs: readonly string[]): boolean {
  const end = rawArgs.indexOf('--')
  const words = end === -1 ? rawArgs : rawArgs.slice(0, end)
  return words.includes('--help') || words.includes('-h')
}

/** The values of each flag that was given, by its name. A switch has none. */
type Given = Map<string, string[]>

/** Reports whether an argument takes several values: a flag that may be repeated, or all further words. */
export function takesSeveral(arg: ArgDef | undefined): boolean {
  return arg !== undefined && 'several' in arg && arg.several === true
}

/**
 * Checks a command line against the declared arguments. citty itself accepts unknown flags, keeps only the last of
 * repeated flags, and reads a missing value as an empty one. Returns the values of the arguments that take several.
 * @throws UsageError naming the wrong word
 */
export function checkArgv(rawArgs: readonly string[], args: ArgsDef): Readonly<Record<string, string[]>> {
  const words = [...rawArgs]
  const given: Given = new Map()
  const positionals: string[] = []
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === '--') positionals.push(...words.splice(0))
    else if (!word.startsWith('-') || word === '-') positionals.push(word)
    else checkFlag(word, words, args, given)
  }
  const further = checkPositionals(positionals, args)
  for (const [name, arg] of Object.entries(args)) {
    if (arg.type !== 'positional' && arg.required === true && !given.has(name))
      throw new UsageError(`--${name} is missing`)
  }
  const several = Object.keys(args).filter((name) => takesSeveral(args[name]))
  return Object.fromEntries(
    several.map((name) => [name, args[name]?.type === 'positional' ? further : (given.get(name) ?? [])]),
  )
}

/** Moves the flag's value from `words` to `given`. */
function checkFlag(word: string, words: string[], args: ArgsDef, given: Given): void {
  const [, written = word, value] = /^([^=]+)(?:=(.*))?$/s.exec(word) ?? []
  const { name, negated } = declared(written, args)
  const arg: ArgDef = args[name] ?? {}
  if (arg.type === 'boolean') {
    if (value !== undefined && (negated || !/^(true|false)$/.test(value)))
      throw new UsageError(`${written} takes no value`)
    given.set(name, [])
    return
  }
  if (given.has(name) && !takesSeveral(arg)) throw new UsageError(`${written} is given twice`)
  const text = value ?? words.shift()
  if (text === undefined || (value === undefined && text.startsWith('--')))
    throw new UsageError(`${written} needs a value`, [
      `if the value begins with dashes, write ${written}=--value`,
    ])
  checkOption(written, arg, text)
  given.set(name, [...(given.get(name) ?? []), text])
}

function declared(written: string, args: ArgsDef): { name: string; negated: boolean } {
  const flags = Object.keys(args).filter((name) => args[name]?.type !== 'positional')
  const name = written.startsWith('--') ? written.slice(2) : ''
  const short = flags.find((flag) => written === `-${aliasOf(args[flag])}`)
  if (short !== undefined) return { name: short, negated: false }
  if (flags.includes(name)) return { name, negated: false }
  const positive = name.startsWith('no-') ? name.slice(3) : ''
  if (flags.includes(positive) && args[positive]?.type === 'boolean') return { name: positive, negated: true }
  throw new UsageError(
    `unknown option ${withoutCredentials(written)}`,
    didYouMean(written, [...flags, 'help'].map(asFlag)),
  )
}

function aliasOf(arg: ArgDef | undefined): string | undefined {
  const alias = arg !== undefined && 'alias' in arg ? arg.alias : undefined
  return typeof alias === 'string' ? alias : undefined
}

/** Returns the words of the last argument, if it takes several. */
function checkPositionals(found: readonly string[], args: ArgsDef): string[] {
  const wanted = Object.entries(args).filter(([, arg]) => arg.type === 'positional')
  for (const [index, [name, arg]] of wanted.entries()) {
    const text = found[index]
    if (text !== undefined) checkOption(name.toUpperCase(), arg, text)
    else if (arg.required !== false) throw new UsageError(`${name.toUpperCase()} is missing`)
  }
  if (takesSeveral(wanted.at(-1)?.[1])) return found.slice(wanted.length - 1)
  const surplus = found[wanted.length]
  if (surplus !== undefined) throw new UsageError(`unexpected argument '${withoutCredentials(surplus)}'`)
  return []
}

function checkOption(written: string, arg: ArgDef, text: string): void {
  if (arg.type !== 'enum' || arg.options === undefined || arg.options.includes(text)) return
  throw new UsageError(`${written} must be one of ${arg.options.join(', ')}`)
}

/** Returns a line that suggests the nearest candidate; none if nothing is near. */
export function didYouMean(word: string, candidates: readonly string[]): string[] {
  const begun = candidates.find((candidate) => word.length > 3 && candidate.startsWith(word))
  const best = begun ?? nearest(word, candidates)
  if (best === undefined) return []
  const isNear = begun !== undefined || editDistance(word, best) <= Math.max(2, Math.floor(word.length / 3))
  return isNear ? [`did you mean ${best}?`] : []
}

function asFlag(name: string): string {
  return `--${name}`
}
