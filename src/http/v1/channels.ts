import type { Core } from '../../core'
import { normalName } from '../../core/accounts'
import type { ChannelListing } from '../../core/channels'
import { type Endpoint, endpoint } from '../endpoint'
import { oneOf, Type } from '../schema'
import { channelsSchema, membersSchema } from './schemas'
import { instantOrNull } from './wire'

export function channelEndpoints(core: Core): Endpoint[] {
  return [
    endpoint({
      method: 'GET',
      path: '/v1/channels',
      who: 'account',
      tag: 'Channels',
      summary: 'The channels you are in',
      query: Type.Object({
        include: Type.Optional(oneOf(['discoverable'], 'Public channels you could join, too')),
      }),
      answers: { 200: { description: 'By slug', schema: channelsSchema } },
      handle: async ({ actor, query }) => {
        const listings = await core.channels.mine(actor, { discoverable: query.include === 'discoverable' })
        const rows = await core.pace.each(listings, (listing) => JSON.stringify(listingJson(core, listing)))
        return { status: 200, text: `{"channels":[${rows.join()}]}` }
      },
    }),
    endpoint({
      method: 'GET',
      path: '/v1/channels/:slug/members',
      who: 'account',
      tag: 'Channels',
      summary: 'Who is in a channel',
      answers: { 200: { description: 'Active members, by handle', schema: membersSchema } },
      refusals: ['channel_not_found', 'channel_archived', 'not_a_member', 'missing_scope'],
      handle: async ({ actor, params }) => {
        const members = await core.channels.members(actor, normalName(params.slug ?? ''))
        const rows = await core.pace.each(members, ({ account, role }) =>
          JSON.stringify({
            id: account.uuid,
            handle: account.handle,
            display_name: account.displayName,
            kind: account.kind,
            role,
          }),
        )
        return { status: 200, text: `{"members":[${rows.join()}]}` }
      },
    }),
  ]
}

function listingJson(
  core: Core,
  { channel, role, canRead, canPost, memberCount, head, lastMessageAt }: ChannelListing,
) {
  return {
    id: channel.uuid,
    slug: channel.slug,
    name: channel.name,
    description: channel.description,
    kind: channel.kind,
    role,
    topic: channel.description,
    access: { read: canRead, post: canPost },
    member_count: memberCount,
    head_cursor: head === null ? null : core.log.cursor(head),
    last_message_at: instantOrNull(lastMessageAt),
  }
}
