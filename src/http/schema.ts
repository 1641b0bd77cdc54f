import { Kind, type Static, type TSchema, Type, TypeRegistry } from '@sinclair/typebox'
import type { Settings } from '../core/governance/settings'
import { isAddress, isLongerThan, isName, isProse, isWellFormed } from '../core/kernel/text'

/** Building blocks of request schemas. One declaration validates, gives the type and documents. */

const forms = { name: isName, prose: isProse, address: isAddress }

interface TextOptions {
  readonly minLength?: number
  /** In Unicode code points, as in JSON Schema. */
  readonly maxLength?: number
  readonly pattern?: string
  /** Text that others will read: a one-line name, multi-line prose, or an e-mail address; see `isName`. */
  readonly form?: keyof typeof forms
  readonly description?: string
  /** Secret values are never repeated in an error. */
  readonly secret?: boolean
}

type TText = TSchema & TextOptions & { [Kind]: 'Text'; static: string; type: 'string' }

/** Reports whether every store can store a string: no unpaired surrogates, no NUL. */
export function isStorable(value: string): boolean {
  return value.isWellFormed() && !value.includes('\0')
}

TypeRegistry.Set<TText>('Text', (schema, value) => {
  if (typeof value !== 'string' || value.length < (schema.minLength ?? 0)) return false
  if (schema.maxLength !== undefined && isLongerThan(value, schema.maxLength)) return false
  if (!isStorable(value) || !hasForm(schema, value)) return false
  return schema.pattern === undefined || new RegExp(schema.pattern, 'u').test(value)
})

/** Reports whether a text has the form that its schema requires. */
export function hasForm({ form }: TextOptions, value: string): boolean {
  return form === undefined || forms[form](value)
}

export function text(options: TextOptions = {}): TText {
  return Type.Unsafe<string>({ [Kind]: 'Text', type: 'string', ...options }) as unknown as TText
}

/** An optional property; null means the same as leaving it out. */
export function maybe<Schema extends TSchema>(schema: Schema) {
  return Type.Optional(nullable(schema))
}

/** A value that may be null. */
export function nullable<Schema extends TSchema>(schema: Schema) {
  return Type.Union([schema, Type.Null()])
}

/** One of several words. */
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

/**
 * An object with keys that the client chooses, and valid Unicode in every string and key. `values` documents what the values
 * are; the endpoint checks them.
 */
export function freeObject(description: string, values?: TSchema) {
  return Type.Unsafe<object>({
    ...{ type: 'object', [Kind]: 'FreeObject', description },
    additionalProperties: values ?? true,
  })
}

TypeRegistry.Set('FreeObject', (_, value) => isObject(value) && isWellFormed(value))

/** Any JSON value, with valid Unicode in every string and key. The endpoint validates it further. */
export function anything(description: string) {
  return Type.Unsafe<unknown>({ [Kind]: 'Anything', description })
}

TypeRegistry.Set('Anything', (_, value) => value !== undefined && isWellFormed(value))

const byteLimits = new WeakMap<TSchema, (settings: Settings) => number>()

/** A body of bytes that is passed to the endpoint as a stream, up to a limit. */
export function streamed(options: {
  readonly contentType: string
  readonly maxBytes: (settings: Settings) => number
}) {
  const { contentType, maxBytes } = options
  const schema = Type.Unsafe<AsyncIterable<Uint8Array>>({ [Kind]: 'Streamed', contentMediaType: contentType })
  byteLimits.set(schema, maxBytes)
  return schema
}

/** The limit of a streamed body; undefined for other schemas. */
export function byteLimitOf(schema: TSchema): ((settings: Settings) => number) | undefined {
  return byteLimits.get(schema)
}

/**
 * Gives a shape a name in the API description: `components.schemas` has it once, and other shapes refer to it. The name is
 * unique. Clients get a type of that name.
 */
export function named<Schema extends TSchema>(name: string, schema: Schema): Schema {
  return { ...schema, component: name }
}

/** Reports whether a value is a JSON object. */
export function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A list: an array in a body, comma-separated in a query. */
export function list(
  items: TSchema,
  options: { minItems?: number; maxItems?: number; description?: string } = {},
) {
  return Type.Unsafe<string[]>(Type.Array(items, options))
}

export { type Static, type TSchema, Type }
