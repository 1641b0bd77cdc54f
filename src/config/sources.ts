import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { type ConfigProblem, InvalidValue } from './config-error'
import type { DeclaredSetting } from './declared'
import { parseEnvFile } from './env-file'
import type { Environment } from './environment'

/** The kind of place that a value comes from. */
export type Source = 'flag' | 'environment' | 'file' | 'default'

/** The values of one place, by environment name. `label` names a value of this place in messages. */
export interface Layer {
  readonly source: Source
  readonly values: Environment
  readonly label: (name: string) => string
}

/** A value as it was found. `name` is the name that the operator gave it. */
export interface Given {
  readonly text: string
  readonly name: string
  readonly source: Source
}

/** Collects problems, and notices for the log. */
export interface Findings {
  readonly problems: ConfigProblem[]
  readonly notices: Set<string>
}

/** Returns the layer of `<home>/synapse.env`; empty if the file does not exist. */
export function fileLayer(path: string, { problems, notices }: Findings): Layer {
  const label = (name: string) => `${name} in ${path}`
  const text = readText(path)
  if (typeof text !== 'string') {
    const remedy = 'run as the user the home belongs to, or as root'
    if (text.code !== 'ENOENT')
      problems.push({ name: path, problem: `cannot be read (${text.code})`, remedy })
    return { source: 'file', values: {}, label }
  }
  const { values, problems: badLines } = parseEnvFile(text, path)
  problems.push(...badLines)
  for (const name of Object.keys(values)) {
    if (name.startsWith('SYNAPSE_') && name !== 'SYNAPSE_HOME') continue
    notices.add(`${label(name)} has no effect: only settings of Synapse, other than its home, are read there`)
  }
  return { source: 'file', values, label }
}

/**
 * Returns the value of a setting from the first layer that has one. Within a layer, the name of the setting takes
 * precedence over its aliases. An empty value counts as not given. Adds problems of the value to `findings`.
 */
export function lookUp(
  setting: DeclaredSetting,
  layers: readonly Layer[],
  cwd: string,
  findings: Findings,
): Given | undefined {
  for (const layer of layers) {
    for (const { name, as, inert } of [
      { name: setting.env, as: undefined, inert: undefined },
      ...setting.aliases,
    ]) {
      const given = fromLayer(setting, name, layer, cwd, findings)
      if (given === undefined) continue
      if (given.text !== inert) return as === undefined ? given : converted(given, as, findings)
      findings.notices.add(`${given.name}=${inert} is ignored: it is the sample value of older setups`)
    }
  }
  return undefined
}

function fromLayer(
  { setting }: DeclaredSetting,
  name: string,
  { source, values, label }: Layer,
  cwd: string,
  { problems }: Findings,
): Given | undefined {
  const text = values[name] || undefined
  const file = setting.secret === undefined ? undefined : values[`${name}_FILE`] || undefined
  if (file === undefined) return text === undefined ? undefined : { text, name: label(name), source }
  const from = label(`${name}_FILE`)
  if (text !== undefined) {
    problems.push({ name: from, problem: `${name} is set as well`, remedy: 'keep one of the two' })
    return undefined
  }
  const path = resolve(cwd, file)
  const content = readText(path)
  if (typeof content === 'string') return { text: content.replace(/\r?\n$/, ''), name: from, source }
  const remedy = 'correct the path, or let the user of the server read it'
  problems.push({ name: from, problem: `cannot read ${quotable(file, path)} (${content.code})`, remedy })
  return undefined
}

/** Returns the path of a file for a message. Hides text that may be the secret itself, given instead of a path. */
function quotable(written: string, path: string): string {
  return /^\.{0,2}\//.test(written) && !written.includes('://') ? path : 'the file that it names'
}

function converted(given: Given, as: (text: string) => string, { problems }: Findings): Given | undefined {
  try {
    return { ...given, text: as(given.text) }
  } catch (error) {
    if (!(error instanceof InvalidValue)) throw error
    problems.push({ name: given.name, problem: error.message, remedy: error.remedy })
    return undefined
  }
}

function readText(path: string): string | { code: string } {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    return { code: error instanceof Error && 'code' in error ? String(error.code) : 'unknown' }
  }
}
