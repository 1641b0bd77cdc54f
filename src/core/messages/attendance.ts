import type { DormantAgents } from '../coordination/dormant-agents'
import type { PresenceView } from '../coordination/presence-view'
import { mayNameHere } from './mentions'

/** Who is there when a message is posted, as far as its group names depend on it. */
export interface Attendance {
  /** The accounts for which `@here` stands, in all channels. */
  readonly present: readonly number[]
  /** The agents that broadcasts and aliases do not notify, in all channels. */
  readonly dormant: readonly number[]
}

/** Returns who is there for a body. A post whose body does not depend on it does not wait. */
export type AttendanceFor = (body: string) => Attendance | Promise<Attendance>

const nobody: readonly number[] = []
const unasked: Attendance = { present: nobody, dormant: nobody }

export function attendance(of: {
  readonly presenceView: Pick<PresenceView, 'hereIds'>
  readonly dormantAgents: DormantAgents
}): AttendanceFor {
  const look = async (body: string) => {
    const present = mayNameHere(body) ? await of.presenceView.hereIds() : nobody
    return { present, dormant: await of.dormantAgents.ids() }
  }
  const isAsked = (body: string) => mayNameHere(body) || (of.dormantAgents.mayExist && body.includes('@'))
  return (body) => (isAsked(body) ? look(body) : unasked)
}
