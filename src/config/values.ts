import { Kind, type TSchema } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { InvalidValue } from './config-error'
import type { Declaration, PathBase } from './declare'

type DeclaredSchema = TSchema & { readonly setting: Declaration }

/**
 * Checks a value from JSON and returns it in the form that is stored.
 * @throws InvalidValue with a message that is shown after the name of the setting
 */
export function valueFromJson(schema: DeclaredSchema, value: unknown, at: PathBase): unknown {
  if (!Value.Check(schema, value)) throw new InvalidValue(`must be ${expected(schema)}`)
  const { normalise } = schema.setting
  // The check above ensures that the value has the type that this function takes.
  return normalise === undefined || value === null ? value : normalise(value as never, at)
}

/**
 * Reads a value from text, as the environment, a flag or the command line gives it. Lists are JSON, or words separated
 * by commas or spaces; objects are JSON; booleans are on/off, true/false, yes/no or 1/0.
 * @throws InvalidValue with a message that is shown after the name of the setting
 */
export function valueFromText(schema: DeclaredSchema, text: string, at: PathBase): unknown {
  return valueFromJson(schema, jsonOf(schema, text), at)
}

function jsonOf(schema: TSchema, text: string): unknown {
  switch (schema[Kind]) {
    case 'Integer':
      return /^-?\d{1,15}$/.test(text.trim()) ? Number(text) : text
    case 'Boolean':
      return BOOLEANS[text.trim().toLowerCase()] ?? text
    case 'Array':
      return JSON_LIST.test(text) ? parsed(text) : words(text)
    case 'Record':
      return parsed(text)
    case 'Union':
      if (isObject(schema)) return parsed(text)
      return isNullable(schema) && text.trim().toLowerCase() === 'null' ? null : caseless(schema, text.trim())
    default:
      return text
  }
}

/** A bracket alone does not begin a JSON list: [::1] is an address. */
const JSON_LIST = /^\s*\[\s*["{\]]/

const BOOLEANS: Record<string, boolean> = {
  ...{ '1': true, true: true, on: true, yes: true },
  ...{ '0': false, false: false, off: false, no: false },
}

function words(text: string): string[] {
  return text.split(/[\s,]+/).filter((word) => word !== '')
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new InvalidValue('is not JSON')
  }
}

function literals(schema: TSchema): string[] {
  const members: TSchema[] = schema['anyOf'] ?? []
  return members.flatMap((member) => (typeof member['const'] === 'string' ? [member['const']] : []))
}

function caseless(schema: TSchema, text: string): string {
  const lower = text.toLowerCase()
  return literals(schema).includes(lower) ? lower : text
}

/** Reports whether one of the kinds of values is an object. */
function isObject(schema: TSchema): boolean {
  const members: TSchema[] = schema['anyOf'] ?? []
  return members.some((member) => member[Kind] === 'Record')
}

function isNullable(schema: TSchema): boolean {
  const members: TSchema[] = schema['anyOf'] ?? []
  return members.some((member) => member[Kind] === 'Null')
}

/** Describes the values that a schema accepts, such as `a whole number from 0 to 65535`. */
function expected(schema: TSchema): string {
  switch (schema[Kind]) {
    case 'Integer':
      return `a whole number from ${schema['minimum']} to ${schema['maximum']}`
    case 'Boolean':
      return 'on or off'
    case 'Array':
      return `a list${limits(schema)}`
    case 'Record':
      return 'a JSON object of the documented form'
    case 'Union':
      if (isObject(schema)) return 'a JSON object of the documented form, or null'
      return literals(schema).length > 0 ? `one of ${literals(schema).join(', ')}` : 'text or null'
    default:
      return 'text'
  }
}

function limits({ minItems, maxItems }: TSchema): string {
  if (minItems === undefined && maxItems === undefined) return ''
  return ` of ${minItems ?? 0} to ${maxItems ?? 'any number of'} entries`
}
