import type { ArgDef } from 'citty'
import { ENTRIES, type Entry, GROUPS, isAdministrative } from '../program'
import { takesSeveral } from './argv'
import type { Command } from './command'
import type { Style } from './terminal'

/** Columns of the help of a command. */
const WIDEST = 120

/** Returns the overview of all commands, or of the administrative ones. */
export function overview({ bold, dim }: Style, scope: 'all' | 'admin'): string {
  const shown = ENTRIES.filter((entry) => scope === 'all' || isAdministrative(entry))
  const width = Math.max(...withFamilies(shown).map(({ name }) => name.length))
  const groups = GROUPS.map((group) => shown.filter((entry) => entry.group === group)).filter(
    (entries) => entries.length > 0,
  )
  return [
    scope === 'all'
      ? 'Synapse is a chat server for people and AI agents. This program runs it, administers it, and is a client of it.'
      : 'Administration of Synapse. The word admin is optional: synapse add-account …',
    '',
    `${bold('usage:')} synapse ${scope === 'all' ? '' : 'admin '}<command> [options]`,
    ...groups.flatMap((entries) => [
      '',
      bold(entries[0]?.group ?? ''),
      ...withFamilies(entries).map(({ name, summary }) => `  ${name.padEnd(width)}  ${dim(summary)}`),
    ]),
    '',
    'For the options and examples of a command, run synapse <command> --help.',
    ...(scope === 'all'
      ? [
          'To begin, run synapse quickstart, then synapse serve. As a client of a server elsewhere, run synapse setup.',
        ]
      : []),
  ].join('\n')
}

type Line = Pick<Entry, 'name' | 'summary'>

/** Shows all commands of ConfigSync in one line: they are many, and few servers use them. */
function withFamilies(entries: readonly Entry[]): readonly Line[] {
  const shown: Line[] = entries.filter(({ group }) => group !== 'ConfigSync')
  const summary =
    'administer the encrypted settings of machines; synapse configsync --help lists the commands'
  return shown.length < entries.length ? [...shown, { name: 'configsync', summary }] : shown
}

/** Returns the help of the commands that share their first words. */
export function familyHelp({ bold, dim }: Style, word: string, members: readonly Entry[]): string {
  const width = Math.max(...members.map(({ name }) => name.length))
  return [
    `${bold('usage:')} synapse ${word} <command> [options]`,
    '',
    ...members.map(({ name, summary }) => `  ${name.padEnd(width)}  ${dim(summary)}`),
    '',
    `For the options and examples of a command, run synapse ${word} <command> --help.`,
  ].join('\n')
}

/** Returns the help of one command. */
export function commandHelp({ bold, dim }: Style, { name, summary }: Entry, command: Command): string {
  const rows = argumentRows(command)
  const width = Math.max(0, ...rows.map(([left]) => left.length))
  return [
    `synapse ${name}: ${summary}`,
    '',
    `${bold('usage:')} ${usageLine(name, command)}`,
    ...(rows.length === 0
      ? []
      : ['', ...rows.flatMap(([left, right]) => row(left.padEnd(width), right, dim))]),
    ...(command.notes.length === 0 ? [] : ['', ...wrapped(command.notes.join(' '), WIDEST)]),
    '',
    bold('examples:'),
    ...command.examples.map((example) => `  ${example}`),
  ].join('\n')
}

/** Returns the lines of an argument: its name, and its description beside it. */
function row(left: string, right: string, dim: (text: string) => string): string[] {
  const indent = left.length + 4
  return wrapped(right, WIDEST - indent).map((line, at) =>
    at === 0 ? `  ${left}  ${dim(line)}` : `${' '.repeat(indent)}${dim(line)}`,
  )
}

/** Breaks a text at blanks. Words that are longer than the width stay whole. */
function wrapped(text: string, width: number): string[] {
  return Bun.wrapAnsi(text, width)
    .split('\n')
    .map((line) => line.trimEnd())
}

/** Returns the usage line: the required arguments by name, all others as `[options]`. */
export function usageLine(name: string, { args }: Command): string {
  const all = Object.entries(args)
  const required = all.filter(([, arg]) => arg.type !== 'positional' && arg.required === true)
  const positionals = all.filter(([, arg]) => arg.type === 'positional')
  const words = [
    ...positionals.map(([key, arg]) =>
      arg.required === false ? `[${placeOf(key, arg)}]` : placeOf(key, arg),
    ),
    ...required.map(([key, arg]) => `--${key} ${valuePlace(arg)}`),
  ]
  const optional = all.length > words.length ? ['[options]'] : []
  return ['synapse', name, ...words, ...optional].join(' ')
}

/** Returns the rows of the list of arguments: the name with its value at the left, the description at the right. */
export function argumentRows({ args }: Command): [left: string, right: string][] {
  return Object.entries(args).map(([key, arg]) => {
    const short = 'alias' in arg && typeof arg.alias === 'string' ? `-${arg.alias}, ` : ''
    const left = arg.type === 'positional' ? placeOf(key, arg) : `${short}--${key} ${valuePlace(arg)}`.trim()
    const remarks = [
      ...(takesSeveral(arg) && arg.type !== 'positional' ? ['may be repeated'] : []),
      ...(arg.required === true && arg.type !== 'positional' ? ['required'] : []),
      ...(arg.default === undefined ? [] : [`default: ${arg.default}`]),
    ]
    return [left, `${arg.description ?? ''}${remarks.length === 0 ? '' : ` (${remarks.join(', ')})`}`]
  })
}

function placeOf(key: string, arg: ArgDef): string {
  return arg.valueHint ?? `${key.toUpperCase()}${takesSeveral(arg) ? '…' : ''}`
}

function valuePlace(arg: ArgDef): string {
  if (arg.type === 'boolean') return ''
  const options = arg.type === 'enum' ? arg.options?.join('|') : undefined
  return `<${options ?? arg.valueHint ?? 'text'}>`
}
