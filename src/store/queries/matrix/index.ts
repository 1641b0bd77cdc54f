/**
 * The queries of the Matrix homeserver. They are built when it is first asked, so that they do not exist without it.
 * This folder may import what src/store may. Each file has the queries of one kind of thing.
 * Start reading at rooms.ts.
 */
import type { OpenMarks } from '../../../core/log/marks'
import type { MatrixReads, MatrixWrites } from '../../../core/matrix/ports'
import type { Handle, Stamp } from '../../database'
import { accountDataWrites } from './account-data'
import { companionReads, companionWrites } from './companion'
import { deviceKeyReads, deviceKeyWrites } from './device-keys'
import { deviceReads, deviceWrites } from './devices'
import { eventReads, eventWrites } from './events'
import { historyReads } from './history'
import { keyReads, keyWrites } from './keys'
import { mediaReads, mediaWrites } from './media'
import { placeReads } from './places'
import { pusherReads, pusherWrites } from './pushers'
import { receiptReads, receiptWrites } from './receipts'
import { registrationReads, registrationWrites } from './registrations'
import { reportReads, reportWrites } from './reports'
import { roomPageReads } from './room-pages'
import { roomReads, roomWrites } from './rooms'
import { secretReads, secretWrites } from './secrets'
import { syncReads } from './sync'
import { thumbReads, thumbWrites } from './thumbs'
import { totalReads } from './totals'
import { unreadReads } from './unread'
import { userReads, userWrites } from './users'

export function matrixReads(handle: Handle): MatrixReads {
  return {
    ...userReads(handle),
    ...roomReads(handle),
    ...roomPageReads(handle),
    ...eventReads(handle),
    ...historyReads(handle),
    ...receiptReads(handle),
    ...syncReads(handle),
    ...unreadReads(handle),
    ...pusherReads(handle),
    ...companionReads(handle),
    ...deviceReads(handle),
    ...deviceKeyReads(handle),
    ...secretReads(handle),
    ...mediaReads(handle),
    ...thumbReads(handle),
    ...keyReads(handle),
    ...placeReads(handle),
    ...reportReads(handle),
    ...registrationReads(handle),
    ...totalReads(handle),
  }
}

export function matrixWrites(handle: Handle, stamp: Stamp, marks: OpenMarks): MatrixWrites {
  return {
    ...matrixReads(handle),
    ...userWrites(handle, stamp),
    ...roomWrites(handle),
    ...eventWrites(handle, marks),
    ...receiptWrites(handle, marks),
    ...pusherWrites(handle),
    ...companionWrites(handle, marks),
    ...deviceWrites(handle, stamp),
    ...deviceKeyWrites(handle),
    ...accountDataWrites(handle),
    ...reportWrites(handle, stamp),
    ...secretWrites(handle),
    ...mediaWrites(handle, stamp),
    ...thumbWrites(handle, stamp),
    ...keyWrites(handle, stamp),
    ...registrationWrites(handle),
  }
}
