import { formatInstant } from '../../core/kernel/time'
import { type Endpoint, endpoint } from '../endpoint'
import { parsedInstant } from '../instants'
import { listQuery, numberedPageOf, pageAnswer } from '../list-pages'
import { Type, text } from '../schema'
import { base, type MatrixAdminParts, tag, usageSchema } from './wire'

const one = `${base}/media/:media_server/:media_id`

/** The files that were uploaded over Matrix. */
export function mediaEndpoints({ core, matrix }: MatrixAdminParts): Endpoint[] {
  const uriOf = ({ media_server: server = '', media_id: media = '' }: Readonly<Record<string, string>>) =>
    `mxc://${server}/${media}`
  return [
    endpoint({
      method: 'GET',
      path: `${base}/media`,
      who: 'admin',
      tag,
      summary: 'Show how much each account has uploaded over Matrix',
      query: Type.Object(listQuery),
      answers: {
        200: {
          description: 'A bare array in order of the accounts',
          schema: Type.Array(Type.Composite([Type.Object({ handle: Type.String() }), usageSchema])),
        },
      },
      refusals: ['invalid_cursor'],
      handle: ({ actor, query }) =>
        pageAnswer(core.pace, numberedPageOf(query), {
          read: ({ after, limit }) => matrix().media.usage(actor, { after: Number(after), limit }),
          keyOf: ({ account }) => String(account.id),
          toJson: ({ account: { handle }, files, bytes }) => ({ handle, files, bytes }),
        }),
    }),
    endpoint({
      method: 'PATCH',
      path: one,
      who: 'admin',
      tag,
      summary: 'Quarantine a file, so that nobody can download it, or end its quarantine',
      body: Type.Object({ quarantined: Type.Boolean() }),
      answers: {
        200: {
          description: 'The file',
          schema: Type.Object({ uri: Type.String(), size: Type.Integer(), quarantined: Type.Boolean() }),
        },
      },
      refusals: ['invalid_media_uri', 'media_not_found'],
      handle: async ({ actor, params, body }) => {
        const uri = uriOf(params)
        const { size, isQuarantined } = await matrix().media.quarantine(actor, uri, body.quarantined)
        return { status: 200, json: { uri, size, quarantined: isQuarantined } }
      },
    }),
    endpoint({
      method: 'DELETE',
      path: one,
      who: 'admin',
      tag,
      summary: 'Delete a file',
      answers: { 204: { description: 'It is gone' } },
      refusals: ['invalid_media_uri', 'media_not_found'],
      handle: async ({ actor, params }) => {
        await matrix().media.delete(actor, uriOf(params))
        return { status: 204 }
      },
    }),
    endpoint({
      method: 'DELETE',
      path: `${base}/media`,
      who: 'admin',
      tag,
      summary: 'Delete the files that were uploaded before a time, except pictures of users and rooms',
      query: Type.Object({
        before: text({ description: 'ISO 8601' }),
        dry_run: Type.Optional(Type.Boolean({ description: 'Only count them; default false' })),
      }),
      answers: {
        200: {
          description: 'What was deleted, or would be',
          schema: Type.Composite([
            Type.Object({ before: Type.String(), dry_run: Type.Boolean() }),
            usageSchema,
          ]),
        },
      },
      handle: async ({ actor, query }) => {
        const before = parsedInstant(query.before, ['query', 'before'])
        const isDryRun = query.dry_run ?? false
        const gone = await matrix().media.purge(actor, before, isDryRun)
        return { status: 200, json: { before: formatInstant(before), dry_run: isDryRun, ...gone } }
      },
    }),
  ]
}
