import type { Core } from '../../core'
import type { AuditView, Verification } from '../../core/governance/audit-log'
import { formatInstant } from '../../core/kernel/time'
import { peerOf } from '../client'
import { type Endpoint, endpoint } from '../endpoint'
import { parsedInstant } from '../instants'
import { rowBefore } from '../row-cursor'
import { nullable, oneOf, Type, text } from '../schema'

const PAGE = 100

const auditQuery = Type.Object({
  actor: Type.Optional(text({ minLength: 1, maxLength: 64, description: 'Handle of the actor' })),
  action: Type.Optional(
    text({ minLength: 1, maxLength: 64, description: 'An action or a prefix of one, such as `token.`' }),
  ),
  target: Type.Optional(
    text({
      minLength: 1,
      maxLength: 128,
      description: 'Id of an account, a token or a channel; or the key of a setting',
    }),
  ),
  since: Type.Optional(text({ description: 'ISO 8601' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, description: 'Default 100' })),
  cursor: Type.Optional(text({ description: '`next_cursor` of the previous page' })),
})

export const entrySchema = Type.Object({
  id: Type.String({ format: 'uuid' }),
  at: Type.String({ format: 'date-time' }),
  actor: nullable(
    Type.String({ description: 'A handle; null = the operator, the server, or an unknown caller' }),
  ),
  token_id: nullable(Type.String()),
  via: oneOf(['session', 'token', 'operator', 'server']),
  ip: nullable(Type.String()),
  action: Type.String(),
  target_type: nullable(Type.String()),
  target_id: nullable(Type.String()),
  metadata: Type.Object({}, { additionalProperties: true }),
  hash: Type.String({ description: 'SHA-256 of the previous hash and this entry' }),
})

export const verificationSchema = Type.Object({
  entries: Type.Integer({ description: 'Number of intact entries from the first on' }),
  hash: Type.String({
    description: 'Hash of the last of them; keep it elsewhere and check it later with `known`',
  }),
  broken: nullable(
    Type.Object({
      entry: Type.Integer({ description: 'Id of the first entry that was changed or is missing' }),
      problem: oneOf(['changed', 'missing']),
    }),
  ),
  known: nullable(Type.Boolean({ description: 'Whether the hash in `known` is in the chain' })),
})

/** The audit log, a record of rare acts (docs/contract/admin.md#audit-log). */
export function auditEndpoints(core: Core): Endpoint[] {
  return [
    endpoint({
      method: 'GET',
      path: '/v1/admin/audit',
      who: 'admin',
      scope: 'audit:read',
      tag: 'Audit',
      summary: 'List audit entries, newest first',
      query: auditQuery,
      answers: {
        200: {
          description: 'A page',
          schema: Type.Object({ entries: Type.Array(entrySchema), next_cursor: nullable(Type.String()) }),
        },
      },
      refusals: ['missing_scope', 'account_not_found', 'invalid_cursor'],
      handle: async ({ actor, query }) => {
        const limit = query.limit ?? PAGE
        const filter = {
          actor: query.actor ?? null,
          action: query.action ?? null,
          target: query.target ?? null,
          since: sinceOf(query.since),
        }
        const found = await core.audit.list(actor, filter, { before: rowBefore(query.cursor), limit })
        const last = found.length === limit ? found.at(-1) : undefined
        const entries = await core.pace.each(found, (entry) => JSON.stringify(entryJson(entry)))
        const next = last ? `"${last.record.id}"` : 'null'
        return { status: 200, text: `{"entries":[${entries.join()}],"next_cursor":${next}}` }
      },
    }),
    endpoint({
      method: 'GET',
      path: '/v1/admin/audit/verify',
      who: 'admin',
      scope: 'audit:read',
      tag: 'Audit',
      summary: 'Verify the whole chain of the audit log',
      query: Type.Object({
        known: Type.Optional(
          text({
            pattern: '^[0-9a-f]{64}$',
            description: 'An earlier hash, which must still be in the chain',
          }),
        ),
      }),
      answers: { 200: { description: 'The result', schema: verificationSchema } },
      refusals: ['missing_scope'],
      handle: async ({ actor, query, request }) => {
        // Verifying a long log exceeds the idle time of a connection.
        peerOf(request).hold?.()
        let found: Verification | undefined
        for await (found of core.audit.verify(actor, query.known ?? null)) {
          // Stops checking when the client disconnects.
          if (request.signal.aborted) break
        }
        return { status: 200, json: found && verificationJson(found) }
      },
    }),
  ]
}

/** @throws ValidationError */
function sinceOf(since: string | undefined) {
  return since === undefined ? null : parsedInstant(since, ['query', 'since'])
}

function verificationJson({ entries, hash, broken, isKnown }: Verification) {
  const first = broken && { entry: broken.id, problem: broken.problem }
  return { entries, hash, broken: first, known: isKnown }
}

function entryJson({ record, actor }: AuditView) {
  return {
    id: record.uuid,
    at: formatInstant(record.at),
    actor: actor?.handle ?? null,
    token_id: record.tokenUuid,
    via: record.via,
    ip: record.ip,
    action: record.action,
    target_type: record.targetType,
    target_id: record.targetId,
    metadata: record.metadata,
    hash: record.hash,
  }
}
