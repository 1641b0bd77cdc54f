/**
 * What all commands share: arguments, help, the connection to a server, the terminal, errors and exit codes.
 * Imports config, home and the files of this folder; never a command.
 * Start reading here: a command is declared once; its help, documentation and argument types come from the declaration.
 */

import { type ArgDef, type ArgsDef, parseArgs } from 'citty'
import { checkArgv } from './argv'
import { EXIT, type ExitCode } from './exit-codes'

/** What a command is called with: the values by argument name, and the raw words. */
interface Invocation<T extends ArgsDef> {
  readonly args: Values<T>
  readonly rawArgs: readonly string[]
}

/** The type of every value. citty's own types declare optional values as always present. */
export type Values<T extends ArgsDef> = { readonly [Name in keyof T]: Value<T[Name]> }

/** `several: true` marks a flag that may be repeated, and a last positional argument that takes all further words. */
type Value<A extends ArgDef> = A extends { several: true }
  ? readonly string[]
  : A extends { type: 'boolean' }
    ? boolean | undefined
    : A extends { required: true } | { default: string }
      ? Text<A>
      : A extends { type: 'positional' }
        ? A extends { required: false }
          ? string | undefined
          : string
        : Text<A> | undefined

type Text<A extends ArgDef> = A extends { type: 'enum'; options: (infer Option)[] } ? Option : string

/** The declaration of a command. */
export interface CommandSpec<T extends ArgsDef> {
  readonly args: T
  /** Complete command lines that work as written. */
  readonly examples: readonly string[]
  /** Further lines of the help. */
  readonly notes?: readonly string[]
  /** Resolves to the exit code; undefined means 0. @throws CliError */
  readonly run: (invocation: Invocation<T>) => Promise<ExitCode | undefined>
}

/** A declared command. */
export interface Command {
  readonly args: ArgsDef
  readonly examples: readonly string[]
  readonly notes: readonly string[]
  /** Runs the command. @throws UsageError for a wrong command line, before anything is done; CliError */
  execute(rawArgs: readonly string[]): Promise<ExitCode>
}

/** Declares a command. Each is a separate constant: nested in another value, it would lose its argument types. */
export function command<const T extends ArgsDef>(spec: CommandSpec<T>): Command {
  const { args, examples, notes = [], run } = spec
  return {
    args,
    examples,
    notes,
    async execute(rawArgs) {
      const several = checkArgv(rawArgs, args)
      // checkArgv has checked required arguments and the values of enums, so the types hold.
      const values = Object.assign(parseArgs<T>([...rawArgs], args), several) as unknown as Values<T>
      return (await run({ args: values, rawArgs })) ?? EXIT.ok
    },
  }
}
