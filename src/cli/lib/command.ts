/**
 * What the commands share: arguments, help, the way to a server, the terminal, errors and exit codes.
 * Imports config, home and the shared files of this folder; never a command.
 * Start reading here: a command is declared once, and its help, documentation and argument types follow.
 */

import { type ArgDef, type ArgsDef, type CommandDef, defineCommand, parseArgs, runCommand } from 'citty'
import { checkArgv } from './argv'
import { EXIT, type ExitCode } from './exit-codes'

/** What a command is given: its values by the name of the argument, and how it was called. */
interface Invocation<T extends ArgsDef> {
  readonly args: Values<T>
  readonly rawArgs: readonly string[]
}

/** The type of every value. citty's own types say that an optional value is always there. */
export type Values<T extends ArgsDef> = { readonly [Name in keyof T]: Value<T[Name]> }

type Value<A extends ArgDef> = A extends { type: 'boolean' }
  ? boolean | undefined
  : A extends { required: true } | { default: string }
    ? Text<A>
    : A extends { type: 'positional' }
      ? A extends { required: false }
        ? string | undefined
        : string
      : Text<A> | undefined

type Text<A extends ArgDef> = A extends { type: 'enum'; options: (infer Option)[] } ? Option : string

/** What is written about a command, and what it does. */
export interface CommandSpec<T extends ArgsDef> {
  readonly args: T
  /** Whole command lines that work as they stand. */
  readonly examples: readonly string[]
  /** What the help says beyond the arguments, line by line. */
  readonly notes?: readonly string[]
  /** Resolves to the exit code, nothing meaning 0. @throws CliError */
  readonly run: (invocation: Invocation<T>) => Promise<ExitCode | undefined>
}

/** A command whose arguments have been declared; `execute` refuses every other. */
export interface Command {
  readonly args: ArgsDef
  readonly examples: readonly string[]
  readonly notes: readonly string[]
  /** @throws UsageError for a command line that does not fit, before anything is done; CliError */
  execute(rawArgs: readonly string[]): Promise<ExitCode>
}

/** Declares a command. Each is a constant of its own: nested in another, its argument types would be lost. */
export function command<const T extends ArgsDef>(spec: CommandSpec<T>): Command {
  const { args, examples, notes = [], run } = spec
  const definition: CommandDef<T> = defineCommand<T>({
    args,
    run: ({ rawArgs }) =>
      // checkArgv has made sure that what is required is there and that options are among those declared.
      run({ args: parseArgs<T>(rawArgs, args) as unknown as Values<T>, rawArgs }),
  })
  return {
    args,
    examples,
    notes,
    async execute(rawArgs) {
      checkArgv(rawArgs, args)
      const { result } = await runCommand(definition, { rawArgs: [...rawArgs] })
      // What `run` resolved to; citty does not keep its type.
      return (result as ExitCode | undefined) ?? EXIT.ok
    },
  }
}
