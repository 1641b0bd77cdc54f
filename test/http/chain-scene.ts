import { type Person, type Room, type World, world } from '../support/world'

/** A server whose chain limit is one reply. Two agents and a person are in a room. */
export interface ChainScene {
  readonly w: World
  readonly room: Room
  readonly bob: Person
  readonly eve: Person
  readonly ann: Person
}

export async function chainScene(): Promise<ChainScene> {
  const w = await world({ settings: { SYNAPSE_CHAIN_LIMIT: '1' } })
  const room = await w.channel('room')
  const inside = { channels: { room: 'member' } } as const
  return {
    w,
    room,
    bob: await w.agent('bob', inside),
    eve: await w.agent('eve', inside),
    ann: await w.human('ann', inside),
  }
}
