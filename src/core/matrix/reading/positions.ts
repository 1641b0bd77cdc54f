import type { Core } from '../..'
import type { Seq } from '../../kernel/ids'
import type { Epoch, Store } from '../../kernel/ports'
import type { MatrixPosition } from '../companion-ports'
import { EVENTS_PER_ROW } from '../event-ports'
import { formatRoomToken, parseRoomToken, roomPosition } from '../sync/tokens'

/** How far readers may read now, and the places that tokens name. */
export interface Now extends MatrixPosition {
  /** The place after everything that may be read. */
  readonly end: number
  readonly epochs: readonly Epoch[]
}

/** Knows the positions up to which readers may read. */
export class Positions {
  /** As far as they were read or announced here. */
  private known: MatrixPosition = { projected: 0, mx: 0 }
  private hasRead = false

  constructor(
    private readonly core: Pick<Core, 'reads' | 'log'>,
    store: Pick<Store, 'onMarks' | 'shared'>,
    /** Resolves when the events of rooms are made of all that was committed before, or will not be soon. */
    private readonly caughtUp: () => Promise<void>,
    /** How far the events of rooms are made, as far as this process knows. */
    private readonly projected: () => Seq,
  ) {
    this.isShared = store.shared !== undefined
    store.onMarks(({ projected, mx }) => this.advance({ projected: projected?.upTo ?? 0, mx: mx?.upTo ?? 0 }))
  }

  private readonly isShared: boolean

  /** Returns the positions, at least those of what was committed before the call. */
  async now(): Promise<Now> {
    await this.caughtUp()
    // It may be known from the store before it is announced.
    this.advance({ projected: this.projected(), mx: 0 })
    // Where no other process writes, everything that was answered is announced.
    if (!this.hasRead || this.isShared) await this.read()
    return this.heard()
  }

  /** Returns the positions that were announced, without a statement. */
  heard(): Now {
    const { projected } = this.known
    return { ...this.known, end: endOf(projected), epochs: this.core.log.epochs }
  }

  private async read(): Promise<void> {
    this.advance(await this.core.reads.matrix().position())
    this.hasRead = true
  }

  private advance({ projected, mx }: MatrixPosition): void {
    const { known } = this
    this.known = { projected: Math.max(known.projected, projected), mx: Math.max(known.mx, mx) }
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
