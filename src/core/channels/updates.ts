import type { Policy } from '../access/policy'
import type { Administration } from '../governance/administration'
import { type AuditFacts, entryBy } from '../governance/audit'
import type { Settings } from '../governance/settings'
import { type Actor, accountOf, isAdmin, type Person } from '../identity/actor'
import type { ChannelChange } from '../kernel/channel-ports'
import type { Channel, ChannelSettings } from '../kernel/entities'
import { AppError, refusal } from '../kernel/errors'
import type { Uuid } from '../kernel/ids'
import type { Writes } from '../kernel/ports'
import type { RunsActs } from '../kernel/transactions'
import { channelEvent } from '../log/events'
import type { ChannelRooms } from './channel-rooms'

/** A change of a channel. Absent fields stay as they are. */
export interface ChannelPatch {
  readonly name?: string
  readonly description?: string
  readonly kind?: Channel['kind']
  readonly archived?: boolean
  /** Null unsets a setting, so that the value of the server applies. */
  readonly settings?: SettingsPatch
}

export type SettingsPatch = {
  readonly [Key in keyof ChannelSettings]?: ChannelSettings[Key] | null
}

export interface CountedChannel {
  readonly channel: Channel
  readonly memberCount: number
}

/** Changes channels, as their admins or a system admin ask. */
export class ChannelUpdates {
  constructor(
    private readonly deps: {
      readonly policy: Policy
      readonly settings: Settings
      readonly transactions: RunsActs
      readonly administration: Administration
      readonly rooms: ChannelRooms
    },
  ) {}

  /**
   * Changes a channel of which the actor is an admin.
   * @throws the errors of Policy.administer; use_dms; not_admin if a person other than a system admin changes the
   *   legal hold; not_channel_admin for anything but the settings of a direct channel
   */
  async update(actor: Person, slug: string, patch: ChannelPatch): Promise<CountedChannel> {
    const { policy, transactions } = this.deps
    return transactions.run(actor, (tx) => {
      const now = policy.current(actor)
      const channel = policy.administer(now, slug, patch.archived === false)
      return this.deps.rooms.judged(tx, now, channel, () => this.apply(tx, now, channel, patch))
    })
  }

  /** The same for any channel, as a system admin. @throws admin_scope_required, not_admin, channel_not_found */
  async updateAny(actor: Actor, uuid: Uuid, patch: ChannelPatch): Promise<CountedChannel> {
    return this.deps.administration.act(actor, async (tx) => {
      const channel = await tx.channel({ uuid })
      if (!channel) throw refusal('channel_not_found')
      return this.deps.rooms.judged(tx, actor, channel, () => this.apply(tx, actor, channel, patch))
    })
  }

  private async apply(
    tx: Writes,
    actor: Actor,
    channel: Channel,
    patch: ChannelPatch,
  ): Promise<CountedChannel> {
    const { change, changed } = changesIn(channel, patch)
    const { legalHold = false } = change.settings ?? channel.settings
    const isHeld = channel.settings.legalHold ?? false
    const moves = patch.archived !== undefined && patch.archived !== (channel.archivedAt !== null)
    if (patch.kind === 'dm' && channel.kind !== 'dm') throw refusal('use_dms')
    if (channel.kind === 'dm' && (patch.archived === true || changed.some((key) => key !== 'settings')))
      throw new AppError(
        'forbidden',
        'not_channel_admin',
        'A direct message channel cannot be renamed or archived',
        { gate: 'role', channel: channel.slug },
      )
    if (legalHold !== isHeld && !isAdmin(actor, this.deps.settings))
      throw refusal('not_admin', { gate: 'role' })
    const memberCount = (await tx.countMembers([channel.id])).get(channel.id) ?? 0
    const by = accountOf(actor)
    const note = (action: Parameters<typeof entryBy>[1], facts: AuditFacts) =>
      tx.audit(
        entryBy(actor, action, { type: 'channel', id: channel.uuid }, { slug: channel.slug, ...facts }),
      )
    let now = channel
    if (changed.length > 0) {
      now = await tx.updateChannel(channel.id, change)
      await tx.append(channelEvent('channel.updated', now, { changed }), by)
      await note('channel.update', { changed })
      if (legalHold !== isHeld) await note('channel.hold', { on: legalHold })
    }
    if (moves) {
      const isArchived = patch.archived === true
      now = await tx.updateChannel(channel.id, { archivedAt: isArchived ? tx.now() : null })
      await tx.append(channelEvent(isArchived ? 'channel.archived' : 'channel.unarchived', now), by)
      await note(isArchived ? 'channel.archive' : 'channel.unarchive', {})
    }
    return { channel: now, memberCount }
  }
}

/** Returns the columns that the patch changes, and the names of what changes, as events list them. */
function changesIn(channel: Channel, patch: ChannelPatch): { change: ChannelChange; changed: string[] } {
  const { name, kind } = patch
  const description = patch.description === '' ? null : patch.description
  const settings = patch.settings && withSettings(channel.settings, patch.settings)
  const change: ChannelChange = {
    ...(name !== undefined && name !== channel.name ? { name } : {}),
    ...(description !== undefined && description !== channel.description ? { description } : {}),
    ...(kind !== undefined && kind !== channel.kind ? { kind } : {}),
    ...(settings && !isSame(settings, channel.settings) ? { settings } : {}),
  }
  return { change, changed: Object.keys(change) }
}

function withSettings(settings: ChannelSettings, patch: SettingsPatch): ChannelSettings {
  const merged = Object.entries({ ...settings, ...patch }).filter(([, value]) => value !== null)
  return Object.fromEntries(merged)
}

function isSame(one: ChannelSettings, other: ChannelSettings): boolean {
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]) as Set<keyof ChannelSettings>
  return [...keys].every((key) => one[key] === other[key])
}
