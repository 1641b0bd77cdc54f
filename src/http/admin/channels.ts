import type { Core } from '../../core'
import { channelJson, channelPatch, channelSchema, newChannelFields, patchOf } from '../channel-wire'
import { type Endpoint, endpoint } from '../endpoint'
import { listQuery, pageAnswer, pageOf } from '../list-pages'
import { maybe, Type } from '../schema'
import { idOf } from './wire'

const newChannel = Type.Object({
  ...newChannelFields,
  join: maybe(Type.Boolean({ description: 'Default true: you join it as its admin' })),
})

export function channelEndpoints(core: Core): Endpoint[] {
  const change = (verb: 'archive' | 'unarchive') =>
    endpoint({
      method: 'POST',
      path: `/v1/admin/channels/:id/${verb}`,
      who: 'admin',
      tag: 'Administration',
      summary:
        verb === 'archive' ? 'Archive a channel: reading and posting are refused' : 'Unarchive a channel',
      answers: { 200: { description: 'The channel', schema: channelSchema } },
      refusals: ['invalid_id', 'channel_not_found', 'not_channel_admin'],
      handle: ({ params, once }) =>
        once(
          (actor) =>
            core.channelUpdates.updateAny(actor, idOf(params.id, 'channel id'), {
              archived: verb === 'archive',
            }),
          (channel) => ({ status: 200, json: channelJson(channel) }),
        ),
    })
  return [
    endpoint({
      method: 'GET',
      path: '/v1/admin/channels',
      who: 'admin',
      tag: 'Administration',
      summary: 'List all channels, by slug, archived ones included',
      query: Type.Object(listQuery),
      answers: { 200: { description: 'A bare array', schema: Type.Array(channelSchema) } },
      refusals: ['invalid_cursor'],
      handle: async ({ actor, query }) => {
        return pageAnswer(core.pace, pageOf(query), {
          read: (page) => core.channels.list(actor, page),
          keyOf: ({ channel }) => channel.slug,
          toJson: channelJson,
        })
      },
    }),
    endpoint({
      method: 'POST',
      path: '/v1/admin/channels',
      who: 'admin',
      tag: 'Administration',
      summary: 'Create a channel; its creator joins it as its admin',
      body: newChannel,
      answers: { 201: { description: 'The channel', schema: channelSchema } },
      refusals: ['slug_exists', 'invalid_slug', 'use_dms', 'quota_exceeded'],
      handle: ({ body, once }) =>
        once(
          (actor) =>
            core.channels.create(actor, {
              slug: body.slug,
              name: body.name,
              description: body.description ?? body.topic ?? null,
              kind: body.kind ?? 'public',
              join: body.join ?? true,
            }),
          (made) => ({ status: 201, json: channelJson(made) }),
        ),
    }),
    endpoint({
      method: 'PATCH',
      path: '/v1/admin/channels/:id',
      who: 'admin',
      tag: 'Administration',
      summary: 'Change a channel; null leaves a field unchanged',
      body: channelPatch,
      answers: { 200: { description: 'The channel', schema: channelSchema } },
      refusals: ['invalid_id', 'channel_not_found', 'use_dms', 'not_channel_admin'],
      handle: async ({ actor, params, body }) => ({
        status: 200,
        json: channelJson(
          await core.channelUpdates.updateAny(actor, idOf(params.id, 'channel id'), patchOf(body)),
        ),
      }),
    }),
    change('archive'),
    change('unarchive'),
  ]
}
