import type { Core } from '../..'
import type { Epoch } from '../../kernel/ports'
import type { MatrixPosition } from '../companion-ports'
import { EVENTS_PER_ROW } from '../event-ports'
import { formatRoomToken, parseRoomToken, roomPosition } from '../sync/tokens'

/** How far readers may read now, and the places that tokens name. */
export interface Now extends MatrixPosition {
  /** The place after everything that may be read. */
  readonly end: number
  readonly epochs: readonly Epoch[]
}

/** Reads the positions up to which readers may read. */
export class Positions {
  constructor(
    private readonly core: Pick<Core, 'reads'>,
    /** Resolves when the events of rooms are made of all that was committed before, or will not be soon. */
    private readonly caughtUp: () => Promise<void>,
  ) {}

  /** Returns the positions, at least those of what was committed before the call. */
  async now(): Promise<Now> {
    await this.caughtUp()
    return this.current()
  }

  /** Returns the positions without waiting. */
  async current(): Promise<Now> {
    const { reads } = this.core
    const [position, epochs] = await Promise.all([reads.matrix().position(), reads.epochs()])
    return { ...position, end: endOf(position.projected), epochs }
  }
}

/** Returns the place after the events of a log row. */
export function endOf(seq: number): number {
  return (seq + 1) * EVENTS_PER_ROW
}

/** Returns the place that a token of a room names. @throws m_invalid_param */
export function placeOf(token: string, { epochs, projected }: Now): number {
  return roomPosition(parseRoomToken(token), epochs, projected)
}

/** Returns the token of a place in a room. */
export function tokenOf(place: number, { epochs }: Now): string {
  return formatRoomToken(place, epochs)
}
