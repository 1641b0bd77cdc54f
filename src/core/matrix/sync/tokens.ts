import type { Seq } from '../../kernel/ids'
import type { Epoch } from '../../kernel/ports'
import { matrixRefusal } from '../errors'
import { EVENTS_PER_ROW } from '../event-ports'

/** How many characters of an epoch's name a token repeats. */
const EPOCH_TAIL = 10
const TAIL = `[0-9A-HJKMNP-TV-Z]{${EPOCH_TAIL}}`
const NUMBER = '(?:0|[1-9]\\d{0,15})'

const SYNC = new RegExp(`^s(${NUMBER})_(${NUMBER})_(?:0|([0-9a-f]{4})\\.(${NUMBER}))_(${TAIL})$`)
const ROOM = new RegExp(`^t(-?${NUMBER})_(${TAIL})$`)

/** The position of what is not stored: typing and presence, counted by one process. */
export interface EphemeralPosition {
  /** Names the process: 4 hex digits. */
  readonly boot: string
  readonly n: number
}

/** Where a reader of `/sync` is. */
export interface SyncToken {
  /** The projected position in the log. */
  readonly seq: Seq
  /** The position in the stream of accounts and devices. */
  readonly mx: number
  /** Undefined before anything ephemeral happened. */
  readonly ephemeral: EphemeralPosition | undefined
  /** The last characters of the epoch. */
  readonly epoch: string
}

/** A place between two events of a room: before the event with this position. */
export interface RoomToken {
  readonly pos: number
  readonly epoch: string
}

const epochTail = (epoch: string) => epoch.slice(-EPOCH_TAIL)

/** Formats `next_batch` of `/sync`. */
export function formatSyncToken(token: Omit<SyncToken, 'epoch'>, epochs: readonly Epoch[]): string {
  const { seq, mx, ephemeral } = token
  const eph = ephemeral ? `${ephemeral.boot}.${ephemeral.n}` : '0'
  return `s${seq}_${mx}_${eph}_${epochAt(seq, epochs, mx)}`
}

/** Formats `prev_batch`, `start` and `end` of a room. */
export function formatRoomToken(pos: number, epochs: readonly Epoch[]): string {
  return `t${pos}_${epochAt(Math.floor(pos / EVENTS_PER_ROW), epochs)}`
}

/** A position of an earlier epoch keeps that epoch, in both streams. */
function epochAt(seq: Seq, epochs: readonly Epoch[], mx = 0): string {
  let found = epochs[0]
  for (const epoch of epochs) if (epoch.firstSeq <= Math.max(seq, 1) || epoch.mx < mx) found = epoch
  return epochTail(found?.epoch ?? '')
}

/**
 * Parses a token of `/sync`.
 * @throws m_invalid_param for any other text
 */
export function parseSyncToken(text: string): SyncToken {
  const [, seq, mx, boot, n, epoch = ''] = SYNC.exec(text) ?? []
  const token = {
    seq: Number(seq),
    mx: Number(mx),
    ephemeral: boot === undefined ? undefined : { boot, n: Number(n) },
    epoch,
  }
  const numbers = [token.seq, token.mx, token.ephemeral?.n ?? 0]
  if (!numbers.every(Number.isSafeInteger)) throw malformed()
  return token
}

/**
 * Parses a token of a room; a token of `/sync` means the place after its last event.
 * @throws m_invalid_param for any other text
 */
export function parseRoomToken(text: string): RoomToken {
  if (text.startsWith('s')) {
    const { seq, epoch } = parseSyncToken(text)
    return { pos: (seq + 1) * EVENTS_PER_ROW, epoch }
  }
  const [, pos, epoch = ''] = ROOM.exec(text) ?? []
  if (!Number.isSafeInteger(Number(pos))) throw malformed()
  return { pos: Number(pos), epoch }
}

const malformed = () =>
  matrixRefusal('M_INVALID_PARAM', 'The token was not made by this server: send one from its answers')

/** Where the log and the stream of accounts and devices end. */
export interface Heads {
  readonly seq: Seq
  readonly mx: number
}

/**
 * Reports whether a token of `/sync` is a place in this history. It is none if its epoch is unknown, or ended before it:
 * then the server was restored from a backup, and the reader begins anew. The heads must be known up to the token: on
 * several processes, wait until what the token names has arrived, or is known not to exist.
 */
export function isInHistory({ seq, mx, epoch }: SyncToken, epochs: readonly Epoch[], heads: Heads): boolean {
  return seq <= lastSeqOf(epoch, epochs, heads.seq) && mx <= lastMxOf(epoch, epochs, heads.mx)
}

/**
 * Returns the position of a token of a room.
 * @throws m_invalid_param for a token of an unknown epoch, or beyond the end of its epoch
 */
export function roomPosition(token: RoomToken, epochs: readonly Epoch[], head: Seq): number {
  // The place after the last event of a row is the place before the first one of the next.
  const last = (lastSeqOf(token.epoch, epochs, head) + 1) * EVENTS_PER_ROW
  if (!(token.pos <= last))
    throw matrixRefusal(
      'M_INVALID_PARAM',
      'The token is of another history of this server: begin without a token',
    )
  return token.pos
}

/** The last position of the companion stream in an epoch. */
function lastMxOf(tail: string, epochs: readonly Epoch[], head: number): number {
  const index = epochs.findIndex(({ epoch }) => epochTail(epoch) === tail)
  return epochs[index + 1]?.mx ?? head
}

/** The last seq of an epoch; NaN if it is unknown, so that every comparison with it fails. */
function lastSeqOf(tail: string, epochs: readonly Epoch[], head: Seq): Seq {
  const index = epochs.findIndex(({ epoch }) => epochTail(epoch) === tail)
  if (index < 0) return Number.NaN
  const next = epochs[index + 1]
  return next ? next.firstSeq - 1 : head
}
