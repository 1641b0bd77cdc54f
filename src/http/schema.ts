import { Kind, type Static, type TSchema, Type, TypeRegistry } from '@sinclair/typebox'
import { isLongerThan } from '../core/text'

/** The pieces that every request schema is made of: one declaration validates, gives the type and documents. */

interface TextOptions {
  readonly minLength?: number
  /** In Unicode code points, as JSON Schema means it too. */
  readonly maxLength?: number
  readonly pattern?: string
  readonly description?: string
  /** Never repeated in an error. */
  readonly secret?: boolean
}

type TText = TSchema & TextOptions & { [Kind]: 'Text'; static: string; type: 'string' }

/** Whether a string can be stored by every store: no lone surrogates, no NUL. */
export function isStorable(value: string): boolean {
  return value.isWellFormed() && !value.includes('\0')
}

TypeRegistry.Set<TText>('Text', (schema, value) => {
  if (typeof value !== 'string' || value.length < (schema.minLength ?? 0)) return false
  if (schema.maxLength !== undefined && isLongerThan(value, schema.maxLength)) return false
  if (!isStorable(value)) return false
  return schema.pattern === undefined || new RegExp(schema.pattern, 'u').test(value)
})

export function text(options: TextOptions = {}): TText {
  return Type.Unsafe<string>({ [Kind]: 'Text', type: 'string', ...options }) as unknown as TText
}

/** An optional property for which null means the same as leaving it out. */
export function maybe<Schema extends TSchema>(schema: Schema) {
  return Type.Optional(Type.Union([schema, Type.Null()]))
}

/** One of some words. */
export function oneOf<const Words extends readonly string[]>(words: Words, description?: string) {
  return Type.Unsafe<Words[number]>({
    type: 'string',
    enum: [...words],
    [Kind]: 'Words',
    ...(description ? { description } : {}),
  })
}

TypeRegistry.Set<{ enum: readonly string[] }>('Words', (schema, value) =>
  schema.enum.includes(value as string),
)

/** A list: an array in a body, comma-separated in a query. */
export function list(
  items: TSchema,
  options: { minItems?: number; maxItems?: number; description?: string } = {},
) {
  return Type.Unsafe<string[]>(Type.Array(items, options))
}

export { type Static, type TSchema, Type }
