import { Kind, type TSchema } from '@sinclair/typebox'

/** Renders schemas for the page: a table of fields for input, a sketch of the value for output. */

export interface Field {
  readonly name: string
  readonly required: boolean
  readonly type: string
  /** Lengths and ranges; empty if there are none. */
  readonly limits: string
  readonly description: string
}

/** Returns the fields of an object: required ones first, otherwise in declaration order. */
export function fieldsOf(schema: TSchema, place: 'query' | 'body'): Field[] {
  const required: readonly string[] = schema.required ?? []
  const fields = Object.entries<TSchema>(schema.properties ?? {}).map(([name, property]) => {
    const value = withoutNull(property)
    return {
      name,
      required: required.includes(name),
      type: typeOf(value, place),
      limits: limitsOf(value),
      description: property.description ?? value.description ?? '',
    }
  })
  return [...fields.filter((field) => field.required), ...fields.filter((field) => !field.required)]
}

/** Removes null from a request's type. Null means absent there, which the page explains once. */
function withoutNull(schema: TSchema): TSchema {
  const others = alternatives(schema)?.filter((one) => one.type !== 'null')
  return others?.length === 1 && others[0] ? others[0] : schema
}

function alternatives(schema: TSchema): readonly TSchema[] | undefined {
  return schema[Kind] === 'Union' ? schema.anyOf : undefined
}

function typeOf(schema: TSchema, place: 'query' | 'body'): string {
  const either = alternatives(schema)
  if (either) return either.map((one) => typeOf(one, place)).join(' or ')
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum) return schema.enum.join(' | ')
  if (schema.type === 'array')
    return place === 'query' ? 'comma list' : `list of ${typeOf(schema.items, place)}`
  if (schema.type === 'string') return 'text'
  return schema.type ?? 'any'
}

function limitsOf(schema: TSchema): string {
  const either = alternatives(schema)
  if (either) return either.map(limitsOf).filter(Boolean).join(', ')
  const { minLength, maxLength, minimum, maximum, minItems, maxItems, pattern, items } = schema
  const own = [
    range(minLength, maxLength, 'characters'),
    range(minimum, maximum, ''),
    range(minItems, maxItems, 'entries'),
    pattern === undefined ? '' : `matches ${pattern}`,
  ]
  const each = items ? limitsOf(items) : ''
  if (each !== '') own.push(`each ${each}`)
  return own.filter(Boolean).join(', ')
}

function range(least: number | undefined, most: number | undefined, unit: string): string {
  if (least === undefined && most === undefined) return ''
  if (least === 1 && most === undefined) return 'not empty'
  const [low, high] = [least?.toLocaleString('en'), most?.toLocaleString('en')]
  const words =
    low === undefined ? `at most ${high}` : high === undefined ? `at least ${low}` : `${low}–${high}`
  return `${words} ${unit}`.trim()
}

/** Sketches a value: `name: type` on each line, nested objects indented, descriptions after `//`. */
export function shapeOf(schema: TSchema, indent = ''): string {
  const either = alternatives(schema)
  if (either) return either.map((one) => shapeOf(one, indent)).join(' | ')
  if (schema.const !== undefined) return literal(schema.const)
  if (schema.enum) return schema.enum.map(literal).join(' | ')
  if (schema.type === 'array') return listShape(schema, indent)
  if (schema.type === 'object') return objectShape(schema, indent)
  if (schema.type === 'string')
    return { uuid: 'uuid', 'date-time': 'instant' }[String(schema.format)] ?? 'text'
  return schema.type ?? 'any'
}

function listShape(schema: TSchema, indent: string): string {
  const item = shapeOf(schema.items, indent)
  return item.includes(' | ') && !item.startsWith('{') ? `(${item})[]` : `${item}[]`
}

function objectShape(schema: TSchema, indent: string): string {
  const required: readonly string[] = schema.required ?? []
  const inner = `${indent}  `
  const lines = Object.entries<TSchema>(schema.properties ?? {}).map(([name, property]) => {
    const value = shapeOf(property, inner)
    const remark = property.description && !value.includes('\n') ? `  // ${property.description}` : ''
    return `${inner}${name}${required.includes(name) ? '' : '?'}: ${value}${remark}`
  })
  if (schema.additionalProperties === true)
    lines.push(`${inner}…${schema.description ? `  // ${schema.description}` : ''}`)
  return lines.length === 0 ? 'object' : `{\n${lines.join('\n')}\n${indent}}`
}

function literal(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : String(value)
}
