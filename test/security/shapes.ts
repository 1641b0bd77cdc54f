/** Whether requests and answers fit the schemas of an endpoint. */
import { FormatRegistry, type TSchema } from '@sinclair/typebox'
import { type TypeCheck, TypeCompiler } from '@sinclair/typebox/compiler'
import { Value } from '@sinclair/typebox/value'
import { byteLimitOf } from '../../src/http/schema'

FormatRegistry.Set('uuid', (text) => /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text))
FormatRegistry.Set('date-time', (text) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(text))

const compiled = new Map<TSchema, TypeCheck<TSchema>>()

/**
 * The differences between an answer and its schema. Clients must accept unknown keys, but a key without documentation
 * helps no client, so it counts as a difference unless the schema allows others.
 */
export function misfits(schema: TSchema, value: unknown): string[] {
  let check = compiled.get(schema)
  if (!check) {
    check = TypeCompiler.Compile(closed(schema))
    compiled.set(schema, check)
  }
  if (check.Check(value)) return []
  return [...check.Errors(value)].map(({ path, message }) => `${path || '/'}: ${message}`)
}

function closed(schema: TSchema): TSchema {
  if (schema.anyOf) return { ...schema, anyOf: schema.anyOf.map(closed) }
  if (schema.type === 'array') return { ...schema, items: closed(schema.items) }
  if (schema.properties === undefined) return schema
  const properties = Object.entries<TSchema>(schema.properties).map(([name, inner]) => [name, closed(inner)])
  return { additionalProperties: false, ...schema, properties: Object.fromEntries(properties) }
}

/** Whether the schema accepts this body; `undefined` means no body. */
export function isFittingBody(schema: TSchema, text: string | undefined): boolean {
  // Any bytes fit.
  if (byteLimitOf(schema) !== undefined) return true
  if (text === undefined || text === '') return false
  try {
    return Value.Check(schema, JSON.parse(text))
  } catch {
    return false
  }
}

/** Whether the schema accepts this query; each value is read as the type that the schema asks for. */
export function isFittingQuery(schema: TSchema, words: Readonly<Record<string, string>>): boolean {
  const read = Object.entries<TSchema>(schema.properties ?? {}).flatMap(([name, inner]) => {
    const word = Object.hasOwn(words, name) ? words[name] : undefined
    return word === undefined ? [] : [[name, readAs(inner, word)]]
  })
  return Value.Check(schema, Object.fromEntries(read))
}

const booleans: ReadonlyMap<string, boolean> = new Map([
  ...['true', '1', 'yes', 'on'].map((word) => [word, true] as const),
  ...['false', '0', 'no', 'off'].map((word) => [word, false] as const),
])

function readAs({ type }: TSchema, word: string): unknown {
  switch (type) {
    case 'integer':
      return /^\s*[+-]?\d+\s*$/.test(word) ? Number(word) : word
    case 'boolean':
      return booleans.get(word.trim().toLowerCase()) ?? word
    case 'array':
      return word
        .split(',')
        .map((one) => one.trim())
        .filter((one) => one !== '')
    default:
      return word
  }
}
