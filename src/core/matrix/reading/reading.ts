/**
 * Reading rooms: their history and state, as one reader sees them. Imports only the core and the folder sync, which
 * imports from here what a reader sees.
 * Start reading at readers.ts: who reads, and what of a room it sees; then timeline.ts, rendering.ts and messages.ts.
 */
import type { Core } from '../..'
import type { Seq } from '../../kernel/ids'
import type { Store } from '../../kernel/ports'
import type { MatrixMeters } from '../meters'
import { Receipts } from '../receipts'
import type { Ephemeral, UnreadCounts } from '../sync/additions'
import { AnswerRooms } from '../sync/answer-rooms'
import { KnownFilters } from '../sync/known-filters'
import { KnownReaders } from '../sync/known-readers'
import { LazyMemory } from '../sync/lazy'
import { MarkLog } from '../sync/mark-log'
import { OldSync } from '../sync/old-sync'
import { ReceiptEvents } from '../sync/receipts'
import { RoomSections } from '../sync/room'
import { SharedSections } from '../sync/shared-sections'
import { Sync } from '../sync/sync'
import type { Waiters } from '../sync/waiting'
import { Bundles } from './bundles'
import { ErasedUsers } from './erased'
import { RoomHistory } from './messages'
import { Positions } from './positions'
import { Readers, type ReadersDeps, type UserIds } from './readers'
import { RecentEvents } from './recent'
import { Relations } from './relations'
import { Rendering } from './rendering'
import { RoomStates } from './room-states'
import { EventSearch } from './search'
import { SearchAnswers } from './search-answers'
import { Timeline } from './timeline'

export interface ReadingParts {
  readonly core: Core
  readonly store: Pick<Store, 'onMarks' | 'shared' | 'slow'>
  readonly waiters: Waiters
  readonly users: UserIds
  readonly transactionsOf: ReadersDeps['transactionsOf']
  readonly serverName: string
  readonly recent?: RecentEvents
  readonly unread?: UnreadCounts | undefined
  readonly ephemeral?: Ephemeral | undefined
  readonly meters?: MatrixMeters | undefined
  /** Resolves when the events of rooms are made of all that was committed before, or will not be soon. */
  readonly caughtUp: () => Promise<void>
  /** Seq of the last row of which they are made, as far as this process knows. */
  readonly projected: () => Seq
}

/** Creates what reads rooms. */
export function createReading({
  core,
  store,
  waiters,
  users,
  transactionsOf,
  serverName,
  caughtUp,
  projected,
  recent = new RecentEvents(core, store),
  ...additions
}: ReadingParts) {
  const readers = new Readers({ core, users, transactionsOf })
  const positions = new Positions(core, store, caughtUp, projected)
  const marks = new MarkLog(store)
  const timeline = new Timeline(core)
  const erased = new ErasedUsers(core, serverName)
  const rendering = new Rendering(core, new Bundles(core), erased)
  const history = new RoomHistory({ core, store, readers, positions, timeline, rendering })
  const sections = new RoomSections({
    ...{ core, timeline, rendering },
    memory: new LazyMemory(),
    shared: new SharedSections(core),
  })
  const known = new KnownReaders(core, readers, recent, marks)
  const receiptEvents = new ReceiptEvents(serverName)
  const states = new RoomStates({ core, readers, positions, rendering })
  const sync = new Sync({
    ...{ core, positions, recent, marks, known, waiters },
    filters: new KnownFilters(core),
    rooms: new AnswerRooms({
      ...{ core, readers, known, recent, marks, sections },
      receipts: receiptEvents,
      unread: additions.unread,
    }),
    ephemeral: additions.ephemeral,
    meters: additions.meters,
  })
  return {
    readers,
    positions,
    rendering,
    history,
    states,
    oldSync: new OldSync({ core, readers, positions, history, states, sync }),
    eventSearch: new EventSearch({
      ...{ core, store, readers, positions, erased },
      answers: new SearchAnswers({ core, rendering, timeline }),
    }),
    relations: new Relations({ core, store, readers, positions, history, rendering }),
    receipts: new Receipts({ core, readers, positions, history }),
    recent,
    sync,
    waiters,
  }
}
