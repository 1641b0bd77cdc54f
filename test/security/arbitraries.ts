/** Requests made from the schemas that validate them: valid values, and values that break one rule. */
import { Kind, type TSchema } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import fc from 'fast-check'
import { anything, TEXTS } from './hostile'

/** Values of a field with this name, if more is known about it than its schema says. */
export type Known = (name: string, otherwise: fc.Arbitrary<unknown>) => fc.Arbitrary<unknown>

const unknown: Known = (_, otherwise) => otherwise

/** Replaces a value that is left out. */
const ABSENT = Symbol('absent')

/** A list has at most this many items beyond its minimum, and a text at most this many characters. */
const FEW = 3
const SHORT = 40

/** Values that the schema accepts. `name` is the name of the field; a list passes it on to its items. */
export function fitting(schema: TSchema, known: Known = unknown, name = ''): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.enum) return fc.constantFrom<unknown>(...schema.enum)
  if (schema.anyOf) {
    const branches: TSchema[] = schema.anyOf
    return fc.oneof(...branches.map((inner) => fitting(inner, known, name)))
  }
  switch (schema.type) {
    case 'object':
      return object(schema, known)
    case 'array': {
      const { minItems = 0, maxItems = minItems + FEW } = schema
      const items = fitting(schema.items, known, name)
      return fc.array(items, { minLength: minItems, maxLength: Math.min(maxItems, minItems + FEW) })
    }
    case 'integer': {
      const { minimum = -1000, maximum = 1000 } = schema
      return known(name, fc.integer({ min: minimum, max: maximum }))
    }
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    case 'string':
      return known(name, text(schema))
    default:
      return known(name, anything)
  }
}

function object(schema: TSchema, known: Known): fc.Arbitrary<unknown> {
  const properties = Object.entries<TSchema>(schema.properties ?? {})
  if (properties.length === 0) return fc.dictionary(fc.constantFrom(...TEXTS), anything, { maxKeys: 3 })
  const required: readonly string[] = schema.required ?? []
  const fields = properties.map(([name, inner]) => {
    const value = fitting(inner, known, name)
    if (required.includes(name)) return [name, value] as const
    return [
      name,
      fc.oneof({ weight: 2, arbitrary: fc.constant(ABSENT) }, { weight: 1, arbitrary: value }),
    ] as const
  })
  return fc.record(Object.fromEntries(fields)).map(withoutAbsent)
}

function withoutAbsent(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ABSENT))
}

function text(schema: TSchema): fc.Arbitrary<unknown> {
  const { minLength = 0, maxLength = Number.POSITIVE_INFINITY, pattern } = schema
  const fits = (value: unknown) => Value.Check(schema, value)
  const hostile = TEXTS.filter(fits)
  const range = { minLength, maxLength: Math.min(maxLength, minLength + SHORT) }
  const ways = [
    ...(hostile.length > 0 ? [fc.constantFrom(...hostile)] : []),
    ...(isPlain(pattern)
      ? [fc.stringMatching(new RegExp(pattern, 'u'))]
      : [fc.string({ ...range, unit: 'grapheme' }), fc.string({ ...range, unit: 'binary' })]),
    ...(pattern === undefined && maxLength <= 1000 ? [fc.constant('😀'.repeat(maxLength))] : []),
  ]
  return fc.oneof(...ways).filter(fits)
}

/** Whether texts can be generated from the pattern; classes of Unicode properties (\p) are not supported. */
function isPlain(pattern: string | undefined): pattern is string {
  return pattern !== undefined && !pattern.includes('\\p')
}

type Where = readonly (string | number)[]

/** One broken rule of a schema: the place and the wrong value. */
interface Break {
  readonly at: Where
  readonly to: fc.Arbitrary<unknown>
}

/** Values that the schema refuses, each valid except for one thing. */
export function breaking(schema: TSchema): fc.Arbitrary<unknown> {
  return broken(schema).filter((value) => !Value.Check(schema, asSent(value)))
}

/** Values with one rule of the schema probably broken. */
export function broken(schema: TSchema): fc.Arbitrary<unknown> {
  const base = fitting(schema)
  const ways = [...breaks(schema, [])].map(({ at, to }) =>
    fc.tuple(base, to).map(([value, wrong]) => put(value, at, wrong)),
  )
  return fc.oneof(...ways)
}

/** The value as the server receives it. */
function asSent(value: unknown): unknown {
  const json = JSON.stringify(value)
  return json === undefined ? undefined : JSON.parse(json)
}

function* breaks(schema: TSchema, at: Where): Generator<Break> {
  if (schema[Kind] === 'Unknown') return
  yield { at, to: anything.filter((value) => !Value.Check(schema, value)) }
  if (schema.anyOf) {
    for (const inner of schema.anyOf) yield* breaks(inner, at)
    return
  }
  switch (schema.type) {
    case 'object':
      for (const name of schema.required ?? []) yield { at: [...at, name], to: fc.constant(ABSENT) }
      for (const [name, inner] of Object.entries<TSchema>(schema.properties ?? {}))
        yield* breaks(inner, [...at, name])
      return
    case 'array':
      yield* breaks(schema.items, [...at, 0])
      for (const length of [(schema.minItems ?? 0) - 1, (schema.maxItems ?? -2) + 1])
        if (length >= 0) yield { at, to: listOf(schema.items, length) }
      return
    case 'integer': {
      const { minimum = 0, maximum = 0 } = schema
      yield {
        at,
        to: fc.constantFrom<unknown>(minimum - 1, maximum + 1, minimum + 0.5, String(minimum), 1e300),
      }
      return
    }
    case 'string':
      yield { at, to: fc.constantFrom<unknown>(...nearTexts(schema)) }
  }
}

/** Texts at the limits of the schema. */
function nearTexts({ minLength = 0, maxLength, enum: words }: TSchema): string[] {
  return [
    'a\0',
    'a\ud800',
    'x'.repeat(Math.max(0, minLength - 1)),
    ...(maxLength === undefined ? [] : ['x'.repeat(maxLength + 1), '😀'.repeat(maxLength + 1)]),
    ...(words ?? []).flatMap((word: string) => [word.toUpperCase(), `${word} `, word.slice(1)]),
  ]
}

function listOf(items: TSchema, length: number): fc.Arbitrary<unknown> {
  return fc.array(fitting(items), { minLength: length, maxLength: length })
}

/** The value with another one at this place, which is created if it is missing. */
function put(value: unknown, [first, ...rest]: Where, wrong: unknown): unknown {
  if (first === undefined) return wrong
  if (typeof first === 'number') return [put(undefined, rest, wrong)]
  const fields: Record<string, unknown> = { ...(value as object | null | undefined) }
  const inner = put(fields[first], rest, wrong)
  if (inner === ABSENT) delete fields[first]
  else fields[first] = inner
  return fields
}
