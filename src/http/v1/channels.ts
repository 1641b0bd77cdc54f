import type { Core } from '../../core'
import type { ChannelListing } from '../../core/channels/channels'
import { normalName } from '../../core/identity/accounts'
import type { Channel } from '../../core/kernel/entities'
import type { NewestMessage } from '../../core/kernel/ports'
import { formatInstant } from '../../core/kernel/time'
import { type Endpoint, endpoint } from '../endpoint'
import { renderList } from '../long-list'
import { oneOf, Type } from '../schema'
import { channelsSchema, membersSchema } from './schemas'

export function channelEndpoints(core: Core): Endpoint[] {
  const listings = new ListingText(core)
  return [
    endpoint({
      method: 'GET',
      path: '/v1/channels',
      who: 'account',
      tag: 'Channels',
      summary: 'List the channels you are a member of',
      query: Type.Object({
        include: Type.Optional(oneOf(['discoverable'], 'Include public channels you could join')),
      }),
      answers: { 200: { description: 'By slug', schema: channelsSchema } },
      handle: async ({ actor, query }) => {
        const found = await core.channels.mine(actor, { discoverable: query.include === 'discoverable' })
        const text = await renderList(core.pace, 'channels', found, (listing) => listings.render(listing))
        return { status: 200, text }
      },
    }),
    endpoint({
      method: 'GET',
      path: '/v1/channels/:slug/members',
      who: 'account',
      tag: 'Channels',
      summary: 'List the members of a channel',
      answers: { 200: { description: 'Active members, by handle', schema: membersSchema } },
      refusals: ['channel_not_found', 'channel_archived', 'not_a_member', 'missing_scope'],
      handle: async ({ actor, params }) => {
        const members = await core.channels.members(actor, normalName(params.slug ?? ''))
        const text = await renderList(core.pace, 'members', members, ({ account, role }) =>
          JSON.stringify({
            id: account.uuid,
            handle: account.handle,
            display_name: account.displayName,
            kind: account.kind,
            role,
          }),
        )
        return { status: 200, text }
      },
    }),
  ]
}

/** Renders lists of channels. The parts that do not depend on the reader are rendered once. */
class ListingText {
  private readonly channels = new WeakMap<Channel, { readonly head: string; readonly topic: string }>()
  private readonly places = new WeakMap<NewestMessage, string>()

  constructor(private readonly core: Pick<Core, 'log'>) {}

  render({ channel, role, canRead, canPost, memberCount, newest }: ChannelListing): string {
    const { head, topic } = this.channel(channel)
    const place = newest ? this.place(newest) : '"head_cursor":null,"last_message_at":null'
    const asked = role === null ? 'null' : `"${role}"`
    return `${head},"role":${asked},${topic},"access":{"read":${canRead},"post":${canPost}},"member_count":${memberCount},${place}}`
  }

  private channel(channel: Channel) {
    let known = this.channels.get(channel)
    if (!known) {
      const { uuid: id, slug, name, description, kind } = channel
      const head = JSON.stringify({ id, slug, name, description, kind }).slice(0, -1)
      known = { head, topic: `"topic":${JSON.stringify(description)}` }
      this.channels.set(channel, known)
    }
    return known
  }

  private place(newest: NewestMessage): string {
    let known = this.places.get(newest)
    if (known === undefined) {
      const cursor = this.core.log.cursor(newest.seq)
      known = `"head_cursor":"${cursor}","last_message_at":"${formatInstant(newest.at)}"`
      this.places.set(newest, known)
    }
    return known
  }
}
