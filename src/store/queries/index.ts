/** The queries of the core, written once for both databases. */
import type { Reads, Writes } from '../../core/kernel/ports'
import type { Handle, Stamp } from '../database'
import { accountReads, accountWrites } from './accounts'
import { auditReads, auditWrites } from './audit'
import { channelReads, channelWrites } from './channels'
import { credentialReads, credentialWrites } from './credentials'
import { idempotencyReads, idempotencyWrites } from './idempotency'
import { logReads } from './log'
import { messageReads } from './messages'
import { outboxReads, outboxWrites } from './outbox'
import { pairingReads, pairingWrites } from './pairing'
import { settingReads, settingWrites } from './settings'

export function createReads(handle: Handle): Reads {
  return {
    ...accountReads(handle),
    ...credentialReads(handle),
    ...channelReads(handle),
    ...messageReads(handle),
    ...logReads(handle),
    ...settingReads(handle),
    ...auditReads(handle),
    ...pairingReads(handle),
    ...idempotencyReads(handle),
    ...outboxReads(handle),
  }
}

/** Returns the writes of plain rows. The appender adds those of the log. */
export function createWrites(handle: Handle, stamp: Stamp): Omit<Writes, keyof Reads | 'append' | 'now'> {
  return {
    ...accountWrites(handle, stamp),
    ...credentialWrites(handle, stamp),
    ...channelWrites(handle, stamp),
    ...settingWrites(handle),
    ...auditWrites(handle, stamp),
    ...pairingWrites(handle, stamp),
    ...idempotencyWrites(handle, stamp),
    ...outboxWrites(handle),
  }
}
