import { Kind, type TSchema } from '@sinclair/typebox'
import { type TypeCheck, TypeCompiler } from '@sinclair/typebox/compiler'
import { isLongerThan, isWellFormed } from '../core/kernel/text'
import { ValidationError } from './errors'
import { hasForm, isObject, isStorable } from './schema'

/** A fault in one value of a request, in the format of pydantic v2, which clients of the earlier server know. */
export interface Issue {
  readonly type: string
  readonly loc: readonly (string | number)[]
  readonly msg: string
  readonly input: unknown
  readonly ctx?: Readonly<Record<string, unknown>>
}

/** Limits the answer: a long list of bad values would have a much longer list of issues. */
const MOST_ISSUES = 100

type RequestPart = 'body' | 'query' | 'path'

/** Checks a value against a schema. Returns the typed value, or throws all issues. */
export type Validator = (value: unknown) => unknown

/** The schema is compiled on first use: compiling those of all endpoints would take a sixth of the start. */
export function validator(schema: TSchema, place: RequestPart): Validator {
  let compiled: TypeCheck<TSchema> | undefined
  return (value) => {
    compiled ??= TypeCompiler.Compile(schema)
    const read = place === 'query' ? fromQuery(schema, value as Record<string, string>) : value
    if (compiled.Check(read)) return read
    const issues = [...issuesOf(schema, read, [place], place === 'query').take(MOST_ISSUES)]
    // The issues explain why Check refused the value. If there are none, the two disagree, which is an internal fault.
    if (issues.length === 0) throw new Error(`a ${place} was refused without a reason`)
    throw new ValidationError(issues)
  }
}

/** Returns the first issue of a refused value in one line: the field and what it should be. */
export function firstProblem(schema: TSchema, value: unknown): string {
  const [issue] = issuesOf(schema, value, [], false)
  if (!issue) throw new Error('a value was refused without a reason')
  return `${issue.loc.join('.')}: ${issue.msg.replace(' after validation', '')}`
}

const NO_UNICODE = 'Input should be a valid string, unable to parse raw data as a unicode string'
const FORMS = {
  name: 'a name is one line with something in it that can be seen, without control characters and marks that turn the direction of text',
  address: 'an e-mail address has no spaces and no characters that cannot be seen',
  prose:
    'a text has something in it that can be seen, and no control characters but line ends and tabs, and no marks that turn the direction of text',
} as const

const yes: ReadonlySet<string> = new Set(['true', '1', 'yes', 'on'])
const no: ReadonlySet<string> = new Set(['false', '0', 'no', 'off'])

/** Converts query values, which are text, to the numbers, booleans or lists of the schema where possible. */
function fromQuery(schema: TSchema, query: Readonly<Record<string, string>>): Record<string, unknown> {
  const read: Record<string, unknown> = {}
  const required: readonly string[] = schema.required ?? []
  for (const [name, property] of Object.entries<TSchema>(schema.properties ?? {})) {
    const value = query[name]
    if (value === undefined) continue
    // Scripts send an empty value for an absent one. If an empty value has another meaning, the schema says so.
    if (!required.includes(name) && /^[\s,]*$/.test(value) && isWordless(property)) continue
    const word = value.trim().toLowerCase()
    if (property.type === 'integer') read[name] = /^[+-]?\d{1,16}$/.test(word) ? Number(word) : value
    else if (property.type === 'boolean') read[name] = yes.has(word) ? true : no.has(word) ? false : value
    else if (property.type === 'array')
      read[name] = value
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== '')
    else read[name] = value
  }
  return read
}

/** Reports whether the schema is a text or list without constraints. */
function isWordless({ type, enum: words, pattern, minLength, minItems }: TSchema): boolean {
  if (type !== 'string' && type !== 'array') return false
  return words === undefined && pattern === undefined && minLength === undefined && minItems === undefined
}

function* issuesOf(schema: TSchema, value: unknown, loc: Issue['loc'], fromText: boolean): Generator<Issue> {
  // An unpaired surrogate would make the answer invalid, too.
  const input = schema.secret || !isWellFormed(value) ? null : value
  const issue = (type: string, msg: string, ctx?: Issue['ctx']): Issue => ({
    type,
    loc,
    msg,
    input,
    ...(ctx ? { ctx } : {}),
  })
  if (schema[Kind] === 'Union') {
    // A schema or null, or a text or an object.
    const some: readonly TSchema[] = schema.anyOf.filter(({ type }: TSchema) => type !== 'null')
    const [first] = isObject(value) ? some.toSorted((_, { type }) => (type === 'object' ? 1 : -1)) : some
    const mayBeNull = some.length < schema.anyOf.length
    if (first && !(value === null && mayBeNull)) yield* issuesOf(first, value, loc, fromText)
    return
  }
  if (schema[Kind] === 'FreeObject' || schema[Kind] === 'Anything') {
    if (value === undefined) yield { type: 'missing', loc, msg: 'Field required', input: null }
    else if (schema[Kind] === 'FreeObject' && !isObject(value))
      yield issue('dict_type', 'Input should be a valid dictionary')
    else yield* unicodeIssues(value, loc)
    return
  }
  switch (schema.type) {
    case 'object':
      yield* objectIssues(schema, value, loc, fromText, issue)
      return
    case 'array':
      if (!Array.isArray(value)) yield issue('list_type', 'Input should be a valid list')
      else yield* listIssues(schema, value, loc, fromText, issue)
      return
    case 'string':
      if (typeof value !== 'string') yield issue('string_type', 'Input should be a valid string')
      else if (schema.enum) {
        const expected = schema.enum
          .map((word: string) => `'${word}'`)
          .join(', ')
          .replace(/, ([^,]*)$/, ' or $1')
        if (!schema.enum.includes(value))
          yield issue('literal_error', `Input should be ${expected}`, { expected })
      } else yield* textIssues(schema, value, issue)
      return
    case 'integer':
      if (!Number.isSafeInteger(value))
        yield fromText
          ? issue('int_parsing', 'Input should be a valid integer, unable to parse string as an integer')
          : issue('int_type', 'Input should be a valid integer')
      else yield* rangeIssues(schema, value as number, issue)
      return
    case 'boolean':
      if (typeof value !== 'boolean')
        yield fromText
          ? issue('bool_parsing', 'Input should be a valid boolean, unable to interpret input')
          : issue('bool_type', 'Input should be a valid boolean')
  }
}

type MakeIssue = (type: string, msg: string, ctx?: Issue['ctx']) => Issue

function* objectIssues(
  schema: TSchema,
  value: unknown,
  loc: Issue['loc'],
  fromText: boolean,
  issue: MakeIssue,
): Generator<Issue> {
  const properties: Record<string, TSchema> = schema.properties ?? {}
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    if (value === undefined) yield { type: 'missing', loc, msg: 'Field required', input: null }
    else {
      const msg = 'Input should be a valid dictionary or object to extract fields from'
      // The value may contain what one of the fields would have hidden.
      yield { ...issue('model_attributes_type', msg), input: null }
    }
    return
  }
  const fields = value as Record<string, unknown>
  const required: readonly string[] = schema.required ?? []
  for (const [name, property] of Object.entries(properties)) {
    const at = [...loc, name]
    if (Object.hasOwn(fields, name)) yield* issuesOf(property, fields[name], at, fromText)
    else if (required.includes(name)) yield { type: 'missing', loc: at, msg: 'Field required', input: null }
  }
  if (schema.additionalProperties !== false) return
  for (const name of Object.keys(fields))
    if (!Object.hasOwn(properties, name)) {
      const at = name.isWellFormed() ? [...loc, name] : loc
      yield { type: 'extra_forbidden', loc: at, msg: 'Extra inputs are not permitted', input: null }
    }
}

function* listIssues(
  schema: TSchema,
  value: readonly unknown[],
  loc: Issue['loc'],
  fromText: boolean,
  issue: MakeIssue,
): Generator<Issue> {
  const { minItems = 0, maxItems = Number.POSITIVE_INFINITY } = schema
  const length = `not ${value.length}`
  if (value.length < minItems)
    yield issue(
      'too_short',
      `List should have at least ${minItems} item${plural(minItems)} after validation, ${length}`,
      { min_length: minItems },
    )
  if (value.length > maxItems)
    yield issue(
      'too_long',
      `List should have at most ${maxItems} item${plural(maxItems)} after validation, ${length}`,
      { max_length: maxItems },
    )
  for (const [i, item] of value.entries()) yield* issuesOf(schema.items, item, [...loc, i], fromText)
}

function* textIssues(schema: TSchema, value: string, issue: MakeIssue): Generator<Issue> {
  const { minLength = 0, maxLength, pattern } = schema
  if (!value.isWellFormed()) yield issue('string_unicode', NO_UNICODE)
  else if (!isStorable(value)) yield issue('value_error', 'Value error, a text cannot hold the character NUL')
  else if (!hasForm(schema, value) && value.length >= minLength)
    yield issue('value_error', `Value error, ${FORMS[schema.form as keyof typeof FORMS]}`)
  if (value.length < minLength)
    yield issue(
      'string_too_short',
      `String should have at least ${minLength} character${plural(minLength)}`,
      { min_length: minLength },
    )
  if (maxLength !== undefined && isLongerThan(value, maxLength))
    yield issue('string_too_long', `String should have at most ${maxLength} character${plural(maxLength)}`, {
      max_length: maxLength,
    })
  if (pattern !== undefined && !new RegExp(pattern, 'u').test(value))
    yield issue('string_pattern_mismatch', `String should match pattern '${pattern}'`, { pattern })
}

/** Yields an issue for each string with an unpaired surrogate; for a key, with the path of its object. */
function* unicodeIssues(value: unknown, loc: Issue['loc']): Generator<Issue> {
  const issue: Issue = { type: 'string_unicode', loc, msg: NO_UNICODE, input: null }
  if (typeof value === 'string') {
    if (!value.isWellFormed()) yield issue
  } else if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) yield* unicodeIssues(item, [...loc, i])
  } else if (typeof value === 'object' && value !== null)
    for (const [key, item] of Object.entries(value)) {
      if (key.isWellFormed()) yield* unicodeIssues(item, [...loc, key])
      else yield issue
    }
}

function* rangeIssues({ minimum, maximum }: TSchema, value: number, issue: MakeIssue): Generator<Issue> {
  if (minimum !== undefined && value < minimum)
    yield issue('greater_than_equal', `Input should be greater than or equal to ${minimum}`, { ge: minimum })
  if (maximum !== undefined && value > maximum)
    yield issue('less_than_equal', `Input should be less than or equal to ${maximum}`, { le: maximum })
}

function plural(count: number): string {
  return count === 1 ? '' : 's'
}
