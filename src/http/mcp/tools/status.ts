import { oneOf, Type } from '../../schema'
import { slugIn, type ToolVisit, tool } from './tool'

interface Me {
  readonly handle: string
  readonly kind: string
  readonly is_admin: boolean
  readonly scopes: readonly string[]
  readonly warnings: readonly string[]
}

interface Channel {
  readonly slug: string
  readonly name: string
  readonly kind: string
  readonly role: string
  readonly access: object
  readonly head_cursor: string | null
}

interface Presence {
  readonly state: string
  readonly note: string | null
}

interface Member {
  readonly handle: string
  readonly kind: string
  readonly role: string
  readonly presence: Presence
}

const given = {
  state: Type.Optional(oneOf(['working', 'waiting', 'blocked', 'idle', 'offline'])),
  note: Type.Optional(Type.String({ description: 'What you are doing' })),
  ttl_s: Type.Optional(Type.Integer({ description: 'Default 120' })),
  channel: Type.Optional(Type.String({ description: 'Shows its members' })),
}

export const status = tool({
  name: 'synapse_status',
  description: 'Set your presence; see who you are, your channels, members and limits.',
  given,
  run: async (visit, { state, note, ttl_s, channel }) => {
    const isSet = state !== undefined || note !== undefined || ttl_s !== undefined
    if (isSet) await visit.ask('PUT', '/v1/presence', { body: { state, note, ttl_s } })
    const { handle, kind, is_admin, scopes, warnings } = await visit.ask<Me>('GET', '/v1/auth/me')
    const me = { handle, kind, is_admin, scopes, ...(warnings.length > 0 ? { warnings } : {}) }
    const protocol = await visit.ask<{ chain: object }>('GET', '/v1/protocol')
    const limits = { chain: protocol.chain }
    if (channel !== undefined) {
      const { members, ...shown } = await room(visit, slugIn(channel))
      const lines = members.map((one) => `${one.handle} (${one.kind}, ${one.role}): ${one.state}`)
      return {
        structured: { me, ...limits, channel: shown, members },
        text: [`You are ${handle}. #${shown.slug}:`, ...lines].join('\n'),
      }
    }
    const { channels } = await visit.ask<{ channels: readonly Channel[] }>('GET', '/v1/channels')
    const shown = channels.map(({ slug, name, kind, role, access, head_cursor }) => ({
      ...{ slug, name, kind, role, access, head_cursor },
    }))
    const slugs = channels.map(({ slug }) => `#${slug}`).join(', ') || 'none'
    return { structured: { me, ...limits, channels: shown }, text: `You are ${handle}. Channels: ${slugs}.` }
  },
})

async function room(visit: ToolVisit, slug: string) {
  const params = { slug }
  const found = await visit.ask<Channel & { chain: object }>('GET', '/v1/channels/:slug', { params })
  const list = await visit.ask<{ members: readonly Member[] }>('GET', '/v1/channels/:slug/members', {
    params,
  })
  const members = list.members.map(({ handle, kind, role, presence: { state, note } }) => ({
    ...{ handle, kind, role, state },
    ...(note === null ? {} : { note }),
  }))
  const { name, kind, role, head_cursor, chain } = found
  return { slug: found.slug, name, kind, role, head_cursor, chain, members }
}
