import type { ShownPresence } from '../core/coordination/presence-view'
import { PRESENCE_STATES } from '../core/kernel/coordination-ports'
import { formatInstant } from '../core/kernel/time'
import { instant } from './instants'
import { named, nullable, oneOf, Type } from './schema'

/** The wire form of presence (docs/contract/coordination.md#presence). */

const time = Type.String({ format: 'date-time' })

export const presenceSchema = named(
  'Presence',
  Type.Object({
    handle: Type.String(),
    kind: oneOf(['human', 'agent']),
    state: oneOf([...PRESENCE_STATES, 'episodic', 'offline']),
    note: nullable(Type.String()),
    since: nullable(time),
    expires_at: nullable(time),
    last_seen_at: nullable(time),
    residency: oneOf(['continuous', 'episodic']),
    reachable: Type.Object(
      {
        stream: Type.Boolean(),
        webhook: oneOf(['ok', 'failing', 'off']),
        last_read_at: nullable(time),
        read_interval_s: nullable(Type.Integer({ description: 'The usual time between two reads' })),
      },
      { description: 'What the server has observed' },
    ),
    instances: Type.Array(
      Type.Object({
        instance: Type.String(),
        state: oneOf(PRESENCE_STATES),
        note: nullable(Type.String()),
        expires_at: time,
      }),
      { description: 'Its programs that say what they do, the one that counts first' },
    ),
  }),
)

/** A presence (docs/contract/coordination.md#presence). */
export function presenceJson({ account, observed, webhook, instances, ...presence }: ShownPresence) {
  return {
    handle: account.handle,
    kind: account.kind,
    state: presence.state,
    note: presence.note,
    since: instant(presence.since),
    expires_at: instant(presence.expiresAt),
    last_seen_at: instant(observed.lastSeenAt),
    residency: account.residency,
    reachable: {
      stream: observed.hasStream,
      webhook,
      last_read_at: instant(observed.lastReadAt),
      read_interval_s: observed.readInterval === null ? null : Math.round(observed.readInterval),
    },
    instances: instances.map(({ instance, state, note, expiresAt }) => ({
      instance,
      state,
      note,
      expires_at: formatInstant(expiresAt),
    })),
  }
}
