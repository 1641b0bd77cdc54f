import type { Account, MessageView } from '../kernel/entities'
import type { Writes } from '../kernel/ports'
import { messageEvent } from '../log/events'
import { approvalFacts } from './approval-view'

/** Cancels the approvals among messages that are deleted in this transaction. The messages are as they are then. */
export async function cancelDeleted(
  tx: Writes,
  tombstones: readonly MessageView[],
  by: Account | null,
): Promise<void> {
  const views = new Map(
    tombstones.filter(({ message }) => message.kind === 'approval').map((view) => [view.message.seq, view]),
  )
  if (views.size === 0) return
  for (const row of await tx.openApprovals([...views.keys()])) {
    const view = views.get(row.seq)
    if (!view) continue
    const end = { state: 'cancelled', endedAt: tx.now(), decidedBy: null, replySeq: null } as const
    await tx.endApproval(row.seq, end)
    await tx.append(messageEvent('approval.cancelled', view, approvalFacts(row)), by)
  }
}
