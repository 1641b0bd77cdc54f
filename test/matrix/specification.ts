// The answers that the specification of Matrix describes, from its OpenAPI files, if they are beside the checkout.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { YAML } from 'bun'

type Json = { readonly [key: string]: unknown }

const FOLDERS = ['../shared/matrix-spec', '../../shared/matrix-spec'].map((path) =>
  resolve(import.meta.dir, '../..', path, 'api'),
)
const METHODS = ['get', 'put', 'post', 'delete'] as const

/** A schema, and the file in which its references are. */
interface Schema {
  readonly json: Json
  readonly file: string
}

interface Operation {
  readonly method: string
  /** Matches the paths of requests. */
  readonly pattern: RegExp
  /** The number of parts that are parameters: a path with fewer of them comes first. */
  readonly parameters: number
  readonly answers: ReadonlyMap<number, Schema | null>
}

/** What the specification says of answers. */
export class Specification {
  private constructor(private readonly operations: readonly Operation[]) {}

  /** Undefined if its files are not there. */
  static read(): Specification | undefined {
    const folder = FOLDERS.find((one) => existsSync(one))
    if (folder === undefined) return undefined
    const files = ['client-server', 'server-server'].flatMap((part) =>
      readdirSync(join(folder, part))
        .filter((name) => name.endsWith('.yaml'))
        .map((name) => join(folder, part, name)),
    )
    return new Specification(files.flatMap((file) => [...operationsOf(file)]))
  }

  /**
   * Returns what is wrong with an answer; undefined if the specification does not describe the request or the status.
   */
  problemsOf(method: string, path: string, status: number, body: unknown): readonly string[] | undefined {
    const current = path
      .replace('/_matrix/client/r0/', '/_matrix/client/v3/')
      .replace(/\?.*/, '')
      // A state key that is empty may be left out.
      .replace(/(\/state\/[^/]+)\/?$/, '$1/-')
    const [operation] = this.operations
      .filter((one) => one.method === method && one.pattern.test(current))
      .toSorted((one, other) => one.parameters - other.parameters)
    const schema = operation?.answers.get(status)
    if (schema === undefined) return undefined
    return schema === null ? [] : [...problems(schema, body, '')]
  }
}

const parsed = new Map<string, Json>()

function read(file: string): Json {
  const known = parsed.get(file)
  if (known) return known
  const json = YAML.parse(readFileSync(file, 'utf8')) as Json
  parsed.set(file, json)
  return json
}

function* operationsOf(file: string): Generator<Operation> {
  const { servers, paths } = read(file) as { servers?: Json[]; paths?: Record<string, Json> }
  const variables = servers?.[0]?.['variables'] as Record<string, Json> | undefined
  const base = String(variables?.['basePath']?.['default'] ?? '').replace(/\/$/, '')
  for (const [path, item] of Object.entries(paths ?? {}))
    for (const method of METHODS) {
      const operation = item[method] as Json | undefined
      if (!operation) continue
      const answers = new Map<number, Schema | null>()
      for (const [status, answer] of Object.entries((operation['responses'] ?? {}) as Record<string, Json>))
        answers.set(Number(status), schemaOf(answer, file))
      const parts = `${base}${path}`.split('/')
      const source = parts.map((part) => (part.startsWith('{') ? '[^/]+' : part.replaceAll('.', '\\.')))
      yield {
        method: method.toUpperCase(),
        pattern: new RegExp(`^${source.join('/')}$`),
        parameters: parts.filter((part) => part.startsWith('{')).length,
        answers,
      }
    }
}

/** Null for an answer that is no JSON. */
function schemaOf(answer: Json, file: string): Schema | null {
  const content = answer['content'] as Record<string, Json> | undefined
  const json = content?.['application/json']?.['schema'] as Json | undefined
  return json ? { json, file } : null
}

function resolved({ json, file }: Schema): Schema {
  const reference = json['$ref']
  if (typeof reference !== 'string') return { json, file }
  const [path = '', pointer = ''] = reference.split('#')
  const target = path === '' ? file : resolve(dirname(file), path)
  let found: unknown = read(target)
  for (const part of pointer.split('/').filter((one) => one !== '')) found = (found as Json)[part]
  return resolved({ json: found as Json, file: target })
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function typeOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return Number.isInteger(value) ? 'integer' : typeof value
}

function* problems(schema: Schema, value: unknown, at: string): Generator<string> {
  const { json, file } = resolved(schema)
  const inner = (part: unknown): Schema => ({ json: part as Json, file })
  const found = typeOf(value)
  const types = [json['type'] ?? []].flat() as string[]
  if (types.length > 0 && !types.includes(found) && !(found === 'integer' && types.includes('number'))) {
    yield `${at}: ${found} instead of ${types.join(' or ')}`
    return
  }
  for (const part of (json['allOf'] ?? []) as unknown[]) yield* problems(inner(part), value, at)
  for (const choice of ['oneOf', 'anyOf']) {
    const parts = json[choice] as unknown[] | undefined
    if (parts && !parts.some((part) => problems(inner(part), value, at).next().done))
      yield `${at}: none of ${choice}`
  }
  const words = json['enum'] as unknown[] | undefined
  if (words && !words.includes(value)) yield `${at}: ${JSON.stringify(value)} is none of ${words}`
  if (
    typeof json['pattern'] === 'string' &&
    typeof value === 'string' &&
    !new RegExp(json['pattern']).test(value)
  )
    yield `${at}: ${value} does not match ${json['pattern']}`
  if (Array.isArray(value) && json['items'])
    for (const [i, item] of value.entries()) yield* problems(inner(json['items']), item, `${at}[${i}]`)
  if (isObject(value)) yield* memberProblems(json, inner, value, at)
}

function* memberProblems(
  json: Json,
  inner: (part: unknown) => Schema,
  value: Json,
  at: string,
): Generator<string> {
  for (const name of (json['required'] ?? []) as string[])
    if (!Object.hasOwn(value, name)) yield `${at}.${name} is missing`
  const known = (json['properties'] ?? {}) as Record<string, unknown>
  const patterns = Object.entries((json['patternProperties'] ?? {}) as Record<string, unknown>)
  for (const [name, member] of Object.entries(value)) {
    const place = `${at}.${name}`
    if (known[name] !== undefined) yield* problems(inner(known[name]), member, place)
    const matching = patterns.filter(([pattern]) => new RegExp(pattern).test(name))
    for (const [, part] of matching) yield* problems(inner(part), member, place)
    const others = json['additionalProperties']
    if (known[name] === undefined && matching.length === 0 && isObject(others))
      yield* problems(inner(others), member, place)
  }
}
