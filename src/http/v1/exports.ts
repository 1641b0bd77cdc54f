import type { Core } from '../../core'
import type { ExportRecord } from '../../core/governance/exports'
import { AppError } from '../../core/kernel/errors'
import { parseUuid } from '../../core/kernel/ids'
import { formatInstant } from '../../core/kernel/time'
import type { Answer } from '../endpoint'
import { type Endpoint, endpoint } from '../endpoint'
import { ndjsonHeaders, piecesOfLines } from '../ndjson'
import { Type } from '../schema'
import { tokenJson } from '../token-wire'
import { approvalJson, attachmentJson, claimJson, instantOrNull, type Wire } from './wire'

const answers = {
  200: {
    description: 'One JSON object a line, `application/x-ndjson`; `type` says of what',
    schema: Type.Any(),
  },
}

/** Exports of accounts (docs/contract/accounts.md#export). */
export function exportEndpoints(core: Core, wire: Wire): Endpoint[] {
  return [
    endpoint({
      method: 'GET',
      path: '/v1/me/export',
      who: 'account',
      tag: 'You',
      summary: 'Export everything that the server has of you, as far as this credential reads',
      answers,
      refusals: ['export_running'],
      handle: async ({ actor }) => streamOf(await core.exports.own(actor), wire),
    }),
    endpoint({
      method: 'GET',
      path: '/v1/admin/accounts/:id/export',
      who: 'admin',
      tag: 'Administration',
      summary: 'Export everything that the server has of an account',
      answers,
      refusals: ['invalid_id', 'account_not_found', 'export_running'],
      handle: async ({ actor, params }) => {
        const uuid = parseUuid(params.id ?? '')
        if (!uuid) throw new AppError('invalid', 'invalid_id', 'Invalid account id')
        return streamOf(await core.exports.of(actor, uuid), wire)
      },
    }),
  ]
}

function streamOf(records: AsyncGenerator<ExportRecord>, wire: Wire): Answer {
  return {
    status: 200,
    headers: ndjsonHeaders('synapse-export.ndjson'),
    pieces: piecesOfLines(linesOf(records, wire)),
  }
}

async function* linesOf(records: AsyncGenerator<ExportRecord>, wire: Wire): AsyncGenerator<string> {
  for await (const record of records) yield lineOf(record, wire)
}

function lineOf(record: ExportRecord, wire: Wire): string {
  if (record.of === 'message') return `{"type":"message",${wire.message(record.view).slice(1)}`
  return JSON.stringify({ type: record.of, ...fieldsOf(record) })
}

function fieldsOf(record: Exclude<ExportRecord, { readonly of: 'message' }>): object {
  switch (record.of) {
    case 'account': {
      const { uuid, handle, kind, displayName, email, about, capabilities, residency } = record.account
      const { createdAt, archivedAt, isAdmin } = record.account
      return {
        ...{ id: uuid, handle, kind, display_name: displayName, email, about, capabilities, residency },
        ...{
          created_at: formatInstant(createdAt),
          archived_at: instantOrNull(archivedAt),
          is_admin: isAdmin,
        },
      }
    }
    case 'membership': {
      const { channel, role, joinedAt } = record.membership
      return { channel: channel.slug, role, joined_at: formatInstant(joinedAt) }
    }
    case 'token':
      return tokenJson(record.token, record.account)
    case 'attachment':
      return { message_id: record.message, ...attachmentJson(record.attachment) }
    case 'reaction': {
      const { message, emoji, at } = record.reaction
      return { message_id: message, channel: record.channel.slug, emoji, at: formatInstant(at) }
    }
    case 'claim':
      return claimJson(record.claim)
    case 'approval':
      return approvalJson(record.approval)
    case 'audit': {
      const { uuid, at, via, ip, action, targetType, targetId, metadata } = record.record
      const target = { target_type: targetType, target_id: targetId }
      return { id: uuid, at: formatInstant(at), via, ip, action, ...target, metadata }
    }
  }
}
