/** The queries of the core, written once for both databases. */
import type { Reads, Writes } from '../../core/kernel/ports'
import type { OpenMarks } from '../../core/log/marks'
import type { Handle, Stamp } from '../database'
import { lazily } from '../lazily'
import { accountReads, accountWrites } from './accounts'
import { activityReads, activityWrites } from './activity'
import { approvalReads, approvalWrites } from './approvals'
import { attachmentReads, attachmentWrites } from './attachments'
import { auditReads, auditWrites } from './audit'
import { chainReads, chainWrites } from './chain'
import { channelReads, channelWrites } from './channels'
import { claimReads, claimWrites } from './claims'
import { configSyncReads, configSyncWrites } from './configsync'
import { credentialReads, credentialWrites } from './credentials'
import { deliveryReads, deliveryWrites } from './deliveries'
import { erasureReads, erasureWrites } from './erasures'
import { idempotencyReads, idempotencyWrites } from './idempotency'
import { inboxReads, inboxWrites } from './inbox'
import { logReads } from './log'
import { matrixReads, matrixWrites } from './matrix'
import { messageReads, messageWrites } from './messages'
import { outboxReads, outboxWrites } from './outbox'
import { pairingReads, pairingWrites } from './pairing'
import { pauseReads, pauseWrites } from './pauses'
import { presenceReads, presenceWrites } from './presence'
import { removalReads, removalWrites } from './removals'
import { settingReads, settingWrites } from './settings'
import { taskReads } from './tasks'
import { threadReads, threadWrites } from './threads'
import { webhookReads, webhookWrites } from './webhooks'
import { wordReads, wordWrites } from './words'

export function createReads(handle: Handle): Reads {
  return {
    configsync: configSyncReads(handle),
    matrix: lazily(() => matrixReads(handle)),
    ...accountReads(handle),
    ...credentialReads(handle),
    ...channelReads(handle),
    ...messageReads(handle),
    ...threadReads(handle),
    ...taskReads(handle),
    ...attachmentReads(handle),
    ...removalReads(handle),
    ...erasureReads(handle),
    ...claimReads(handle),
    ...pauseReads(handle),
    ...chainReads(handle),
    ...approvalReads(handle),
    ...activityReads(handle),
    ...presenceReads(handle),
    ...wordReads(handle),
    ...inboxReads(handle),
    ...deliveryReads(handle),
    ...logReads(handle),
    ...settingReads(handle),
    ...auditReads(handle),
    ...pairingReads(handle),
    ...idempotencyReads(handle),
    ...outboxReads(handle),
    ...webhookReads(handle),
  }
}

/** Returns the writes of plain rows. The appender adds those of the log. */
export function createWrites(
  handle: Handle,
  stamp: Stamp,
  marks: OpenMarks,
): Omit<
  Writes,
  | Exclude<keyof Reads, 'configsync' | 'matrix'>
  | 'append'
  | 'appendAll'
  | 'insertMessage'
  | 'afterCommit'
  | 'endGroup'
  | 'now'
  | 'nextSeq'
> {
  return {
    configsync: configSyncWrites(handle, stamp),
    matrix: lazily(() => matrixWrites(handle, stamp, marks)),
    ...accountWrites(handle, stamp),
    ...credentialWrites(handle, stamp),
    ...channelWrites(handle, stamp),
    ...messageWrites(handle),
    ...threadWrites(handle),
    ...removalWrites(handle),
    ...erasureWrites(handle),
    ...claimWrites(handle),
    ...pauseWrites(handle),
    ...chainWrites(handle),
    ...approvalWrites(handle),
    ...activityWrites(handle),
    ...presenceWrites(handle),
    ...wordWrites(handle),
    ...inboxWrites(handle),
    ...deliveryWrites(handle),
    ...settingWrites(handle),
    ...auditWrites(handle, stamp),
    ...pairingWrites(handle, stamp),
    ...attachmentWrites(handle, stamp),
    ...idempotencyWrites(handle, stamp),
    ...outboxWrites(handle),
    ...webhookWrites(handle),
  }
}
