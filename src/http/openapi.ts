import { IDEMPOTENCY_WINDOW_HOURS, MAX_IDEMPOTENCY_KEY } from '../core/kernel/limits'
import { credentialRefusals } from './auth'
import { CONTRACT_VERSION } from './contract'
import { type Dialect, type Endpoint, endpoint } from './endpoint'
import { statusOf } from './error-codes'
import { byteLimitOf, type TSchema, Type } from './schema'
import type { Surface } from './surface'

const errorSchema = {
  type: 'object',
  properties: {
    detail: { description: 'For people; a list of issues if the request is malformed (422)' },
    code: { type: 'string', description: 'For programs; stable' },
    request_id: { type: 'string' },
  },
  required: ['detail', 'code', 'request_id'],
}

const retryKeyParameter = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  schema: { type: 'string', minLength: 1, maxLength: MAX_IDEMPOTENCY_KEY },
  description: `Makes the request happen once. If the same account repeats it with this key within ${IDEMPOTENCY_WINDOW_HOURS} hours, nothing is done again and the answer is the first one, with \`Idempotent-Replayed: true\`. A different request with this key is 409 \`idempotency_conflict\`. Only a successful request uses up its key. An answer that contains a secret is repeated only to the same credential.`,
}

/** A colon inside of a segment, as in `message:send`, begins no parameter. */
const PARAMETER = /\/:(\w+)/g

/** Returns the OpenAPI 3.1 description of the documented endpoints, from the schemas that validate their requests. */
export function openApiDocument(endpoints: readonly Endpoint[]): object {
  const paths: Record<string, Record<string, object>> = {}
  const components = new Components()
  for (const one of endpoints.filter(({ documentation }) => documentation === undefined)) {
    const path = one.path.replace(PARAMETER, '/{$1}')
    paths[path] = { ...paths[path], [one.method.toLowerCase()]: operation(one, components) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Synapse',
      version: CONTRACT_VERSION,
      description: 'Channels for people and AI agents. Every error has `detail`, `code` and `request_id`.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/', description: 'The server that this description comes from' }],
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'synapse_session',
          description:
            'The earlier name, which is still accepted. The server sets synapse_session_ with six digits of the instance id, over https with the prefix __Host-',
        },
      },
      schemas: { Error: errorSchema, ...components.sorted() },
      parameters: { IdempotencyKey: retryKeyParameter },
    },
    paths,
  }
}

/** `/openapi.json`, rendered once, because the endpoints do not change while the server runs. */
export const openapi: Surface = {
  name: 'openapi',
  endpoints: (app) => {
    let text: string | undefined
    return [
      endpoint({
        method: 'GET',
        path: '/openapi.json',
        who: 'anyone',
        tag: 'Server',
        summary: 'This description of the API',
        documentation: 'page',
        answers: {
          200: { description: 'OpenAPI 3.1', schema: Type.Object({}, { additionalProperties: true }) },
        },
        handle: () => {
          text ??= JSON.stringify(openApiDocument(app.endpoints()))
          return { status: 200, text, headers: { 'cache-control': 'no-cache' } }
        },
      }),
    ]
  },
}

function operation(one: Endpoint, components: Components): object {
  const json = (schema: object) => content(components.plain(schema), one.dialect)
  const params = [...one.path.matchAll(PARAMETER)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
  const required: readonly string[] = one.query?.required ?? []
  const query = Object.entries<TSchema>(one.query?.properties ?? {}).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema: components.plain(schema),
    ...(schema.description ? { description: schema.description } : {}),
  }))
  return {
    operationId: `${one.method.toLowerCase()}${one.path.replace(/[^A-Za-z0-9]+(.)?/g, (_, next = '') => next.toUpperCase())}`,
    tags: [one.tag],
    summary: one.summary,
    ...(one.description ? { description: one.description } : {}),
    security: securityOf(one),
    parameters: [...params, ...query, ...(takesRetryKey(one) ? [{ $ref: RETRY_KEY }] : [])],
    ...(one.body
      ? {
          requestBody: {
            required: true,
            content: isStreamed(one.body) ? { [one.body.contentMediaType]: {} } : json(one.body),
          },
        }
      : {}),
    responses: {
      ...Object.fromEntries(
        Object.entries(one.answers).map(([status, { description, schema }]) => [
          status,
          { description, ...(schema ? { content: json(schema) } : {}) },
        ]),
      ),
      ...refused(one),
    },
  }
}

function securityOf({ who, dialect }: Endpoint): object[] {
  if (who === 'anyone') return []
  return dialect ? [{ bearer: [] }] : [{ bearer: [] }, { session: [] }]
}

const RETRY_KEY = '#/components/parameters/IdempotencyKey'

/** A retry key belongs to an account, so it has no effect without one. */
function takesRetryKey({ method, who }: Endpoint): boolean {
  return method === 'POST' && who !== 'anyone'
}

/** Error codes that any request may get. */
const ALWAYS = ['remote_not_allowed', 'host_not_local', 'internal', 'unavailable']
const OF_THE_ACTOR_HEADER = ['actor_header_invalid', 'actor_claim_denied', 'impersonation_denied']
const OF_A_BODY = ['body_broke_off', 'payload_too_large', 'unsupported_media_type']

/** Returns the errors of an endpoint by status, with their codes: its own and those of its kind. */
function refused(one: Endpoint): Record<string, object> {
  const { method, who, duringDrain, query, body, admitsSyncTokens, dialect, refusals = [] } = one
  if (dialect) return { default: { description: 'Any error', content: content(dialect.error, dialect) } }
  const codes = [
    ...refusals,
    ...(who === 'anyone' ? ['actor_header_unauthenticated'] : [...credentialRefusals, 'rate_limited']),
    ...(who !== 'anyone' && admitsSyncTokens !== true ? ['missing_scope'] : []),
    ...(who === 'account' ? ['operator_has_no_account', ...OF_THE_ACTOR_HEADER] : []),
    ...(who === 'admin' ? ['not_admin', 'admin_scope_required'] : []),
    ...(method !== 'GET' && duringDrain !== true ? ['draining'] : []),
    ...(takesRetryKey(one) ? ['idempotency_conflict'] : []),
    ...(query || body || method === 'POST' ? ['validation_error'] : []),
    ...(body ? OF_A_BODY : []),
    ...ALWAYS,
  ]
  const byStatus = Object.groupBy(new Set(codes), (code) => String(statusOf(code) ?? 'default'))
  const error = content({ $ref: '#/components/schemas/Error' })
  const described = Object.entries(byStatus).map(([status, some = []]) => [
    status,
    { description: some.map((code) => `\`${code}\``).join(', '), content: error },
  ])
  return { ...Object.fromEntries(described), default: { description: 'Any other error', content: error } }
}

/** A streamed body has its own content type and no schema. */
function isStreamed(schema: TSchema): boolean {
  return byteLimitOf(schema) !== undefined
}

function content(schema: unknown, { contentType = 'application/json' }: Partial<Dialect> = {}): object {
  return { [contentType]: { schema } }
}

/** The pattern that a record of TypeBox has for its keys. */
const ANY_KEY = '^(.*)$'

/** The named shapes of a document. */
class Components {
  private readonly schemas = new Map<string, unknown>()

  /**
   * Converts a schema to JSON Schema. Secret values become write-only, and named shapes references.
   * @throws Error if two shapes have the same name
   */
  plain(schema: unknown): unknown {
    if (Array.isArray(schema)) return schema.map((one) => this.plain(one))
    if (typeof schema !== 'object' || schema === null) return schema
    const { secret, form, component, patternProperties, ...rest } = schema as Record<string, unknown>
    // Any key: few readers of a description know patterns of keys.
    const values = (patternProperties as Record<string, unknown> | undefined)?.[ANY_KEY]
    const given = values === undefined ? rest : { ...rest, additionalProperties: values }
    const entries = Object.entries(given).map(([key, value]) => [
      key,
      // The keys of `properties` are names of fields, which may be the same words as ours.
      key === 'properties' ? this.fields(value as object) : this.plain(value),
    ])
    const converted = { ...Object.fromEntries(entries), ...(secret === true ? { writeOnly: true } : {}) }
    return typeof component === 'string' ? this.reference(component, converted) : converted
  }

  private fields(properties: object): object {
    return Object.fromEntries(Object.entries(properties).map(([name, field]) => [name, this.plain(field)]))
  }

  sorted(): Record<string, unknown> {
    return Object.fromEntries([...this.schemas].sort(([a], [b]) => (a < b ? -1 : 1)))
  }

  private reference(name: string, schema: object): object {
    const known = this.schemas.get(name) ?? schema
    if (JSON.stringify(known) !== JSON.stringify(schema)) throw new Error(`Two shapes are named ${name}`)
    this.schemas.set(name, schema)
    return { $ref: `#/components/schemas/${name}` }
  }
}
