import type { Core } from '../../core'
import type { ChannelListing } from '../../core/channels/listings'
import { normalName } from '../../core/identity/accounts'
import type { Channel } from '../../core/kernel/entities'
import type { NewestMessage } from '../../core/kernel/ports'
import { formatInstant } from '../../core/kernel/time'
import { channelJson, channelPatch, channelSchema, newChannelFields, patchOf } from '../channel-wire'
import { type Endpoint, endpoint } from '../endpoint'
import { renderList } from '../long-list'
import { freeObject, list, maybe, oneOf, Type, text } from '../schema'
import { continuation, runChainJson } from './chain'
import { aliasesSchema, channelsSchema, openedChannelSchema, readPositionSchema } from './channel-schemas'
import { runChainSchema } from './limit-schemas'
import { administerErrors, readErrors } from './schemas'
import { accountRef, pauseJson } from './wire'

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
        include: Type.Optional(
          list(oneOf(['discoverable', 'unread']), {
            description:
              'discoverable: also public channels you could join and those you are invited to; unread: count unread messages, for agents',
          }),
        ),
      }),
      answers: { 200: { description: 'By slug', schema: channelsSchema } },
      handle: async ({ actor, query }) => {
        const { include = [] } = query
        const found = await core.channelListings.mine(actor, {
          discoverable: include.includes('discoverable'),
          unread: include.includes('unread'),
        })
        const text = await renderList(core.pace, 'channels', found, (listing) => listings.render(listing))
        return { status: 200, text }
      },
    }),
    endpoint({
      method: 'POST',
      path: '/v1/channels',
      who: 'account',
      tag: 'Channels',
      summary: 'Create a channel; you join it as its admin',
      description: 'For system admins, and for every signed-in person where `channels.create` is `members`.',
      body: Type.Object(newChannelFields),
      answers: { 201: { description: 'The channel', schema: channelSchema } },
      refusals: [
        'not_admin',
        'admin_scope_required',
        'slug_exists',
        'invalid_slug',
        'use_dms',
        'quota_exceeded',
      ],
      handle: ({ body, once }) =>
        once(
          (actor) =>
            core.channels.create(actor, {
              slug: body.slug,
              name: body.name,
              description: body.description ?? body.topic ?? null,
              kind: body.kind ?? 'public',
            }),
          (made) => ({ status: 201, json: channelJson(made) }),
        ),
    }),
    endpoint({
      method: 'GET',
      path: '/v1/channels/:slug',
      who: 'account',
      tag: 'Channels',
      summary: 'Show a channel that you may read',
      query: Type.Object({
        include: Type.Optional(
          list(oneOf(['unread', 'matrix']), {
            description:
              'unread: count all messages that you have not read; matrix: its address on Matrix, if the server is a homeserver',
          }),
        ),
      }),
      answers: { 200: { description: 'The channel', schema: openedChannelSchema } },
      refusals: readErrors,
      handle: async ({ actor, params, query }) => {
        const slug = normalName(params.slug ?? '')
        const { include = [] } = query
        const unread_total = include.includes('unread')
          ? await core.channelListings.unreadTotal(actor, slug)
          : undefined
        const { role, newest, ...found } = await core.channelListings.get(actor, slug)
        const head_cursor = newest && core.log.cursor(newest.seq)
        const chain = runChainJson(await core.chains.inChannel(found.channel))
        const room = include.includes('matrix') ? await core.rooms.addressOf(found.channel) : undefined
        const matrix = room && { room_id: room.roomId, alias: room.alias }
        return {
          status: 200,
          json: { ...channelJson(found), role, head_cursor, chain, unread_total, matrix },
        }
      },
    }),
    endpoint({
      method: 'POST',
      path: '/v1/channels/:slug/continue',
      who: 'account',
      authorizedInTransaction: true,
      tag: 'Pauses',
      summary: 'Let the agents in a channel go on, without posting',
      description:
        'For people. The agents may post `extra` times the limit of the run guard until a person posts.',
      body: continuation,
      answers: { 200: { description: 'Who is stopped now', schema: Type.Object({ chain: runChainSchema }) } },
      refusals: ['humans_only', ...readErrors, 'read_only_role', 'account_not_found', 'storage_full'],
      handle: ({ params, body, once }) =>
        once(
          (actor) => core.chains.continueChannel(actor, normalName(params.slug ?? ''), body.extra ?? 1),
          (chain) => ({ status: 200, json: { chain: runChainJson(chain) } }),
        ),
    }),
    endpoint({
      method: 'PATCH',
      path: '/v1/channels/:slug',
      who: 'account',
      tag: 'Channels',
      summary: 'Change a channel that you administer; null leaves a field unchanged',
      body: channelPatch,
      answers: { 200: { description: 'The channel', schema: channelSchema } },
      refusals: [...administerErrors, 'not_admin', 'use_dms'],
      handle: async ({ actor, params, body }) => {
        const slug = normalName(params.slug ?? '')
        return {
          status: 200,
          json: channelJson(await core.channelUpdates.update(actor, slug, patchOf(body))),
        }
      },
    }),
    endpoint({
      method: 'PUT',
      path: '/v1/channels/:slug/read',
      who: 'account',
      tag: 'Channels',
      summary: 'Say how far you have read a channel',
      body: Type.Object({
        cursor: text({ minLength: 1, description: 'Everything up to here is read' }),
        thread: maybe(
          text({ description: 'Any message of a thread: only that is read, and the position stays' }),
        ),
        rewind: maybe(Type.Boolean({ description: 'Also move the position back' })),
      }),
      answers: { 200: { description: 'Your position', schema: readPositionSchema } },
      refusals: [
        ...readErrors,
        'invalid_cursor',
        'cursor_expired',
        'cursor_epoch',
        'invalid_thread_id',
        'thread_not_found',
      ],
      handle: async ({ actor, params, body }) => {
        const slug = normalName(params.slug ?? '')
        const { readSeq, unread, mentions } = await core.readPositions.set(actor, slug, {
          cursor: body.cursor,
          thread: body.thread || null,
          rewind: body.rewind ?? false,
        })
        return { status: 200, json: { read_cursor: core.log.cursor(readSeq), unread, mentions } }
      },
    }),
    endpoint({
      method: 'GET',
      path: '/v1/channels/:slug/aliases',
      who: 'account',
      tag: 'Channels',
      summary: 'List the mention aliases of a channel',
      answers: { 200: { description: 'By name', schema: aliasesSchema } },
      refusals: readErrors,
      handle: async ({ actor, params }) => {
        const aliases = await core.aliases.get(actor, normalName(params.slug ?? ''))
        return { status: 200, json: { aliases } }
      },
    }),
    endpoint({
      method: 'PUT',
      path: '/v1/channels/:slug/aliases',
      who: 'account',
      tag: 'Channels',
      summary: 'Replace the mention aliases of a channel that you administer',
      body: Type.Object({
        aliases: freeObject(
          'Handles by alias: `{"<alias>": ["handle", …]}`; at most 50, of 100 handles each',
          Type.Array(Type.String()),
        ),
      }),
      answers: { 200: { description: 'By name', schema: aliasesSchema } },
      refusals: [...administerErrors, 'invalid_alias'],
      handle: async ({ actor, params, body }) => {
        const aliases = await core.aliases.set(actor, normalName(params.slug ?? ''), body.aliases)
        return { status: 200, json: { aliases } }
      },
    }),
  ]
}

/** Renders lists of channels. The parts that do not depend on the reader are rendered once. */
class ListingText {
  private readonly channels = new WeakMap<Channel, { readonly head: string; readonly topic: string }>()
  private readonly places = new WeakMap<NewestMessage, string>()

  constructor(private readonly core: Pick<Core, 'log'>) {}

  render(listing: ChannelListing): string {
    const {
      channel,
      role,
      canRead,
      canPost,
      memberCount,
      newest,
      peer,
      notify,
      readSeq,
      unread,
      mentions,
      isInvited,
    } = listing
    const pause = listing.pause === null ? 'null' : JSON.stringify(pauseJson(listing.pause))
    const { head, topic } = this.channel(channel)
    const place = newest ? this.place(newest) : '"head_cursor":null,"last_message_at":null'
    const word = (text: string | null) => (text === null ? 'null' : `"${text}"`)
    const other = peer === null ? 'null' : JSON.stringify(accountRef(peer))
    const read = word(readSeq === null ? null : this.core.log.cursor(readSeq))
    const count = unread === null ? '' : `,"unread":${unread},"mentions":${mentions ?? 0}`
    return `${head},"role":${word(role)},${topic},"access":{"read":${canRead},"post":${canPost}},"member_count":${memberCount},${place},"peer":${other},"notify":${word(notify)},"read_cursor":${read},"pause":${pause}${count}${isInvited ? ',"invited":true' : ''}}`
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
