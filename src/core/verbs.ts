import type { Directory } from './access/directory'
import type { Policy } from './access/policy'
import type { ChannelRooms } from './channels/channel-rooms'
import { Members } from './channels/members'
import type { Memberships } from './channels/memberships'
import { ChannelUpdates } from './channels/updates'
import type { Pauses } from './coordination/pauses'
import type { Administration } from './governance/administration'
import type { Settings } from './governance/settings'
import type { RunsActs } from './kernel/transactions'
import type { Attachments } from './messages/attachments'
import type { AttendanceFor } from './messages/attendance'
import { Deletions } from './messages/deletions'
import { Edits } from './messages/edits'
import { MessageActs } from './messages/message-acts'
import { Reactions } from './messages/reactions'

interface VerbParts {
  readonly directory: Directory
  readonly policy: Policy
  readonly settings: Settings
  readonly administration: Administration
  readonly memberships: Memberships
  readonly attachments: Attachments
  readonly pauses: Pick<Pauses, 'refusePaused'>
  readonly attendance: AttendanceFor
  readonly rooms: ChannelRooms
}

/** The verbs that can be parts of another act. */
export type Verbs = ReturnType<ReturnType<typeof verbsOver>>

/** Returns the verbs that can be parts of another act, over what runs them: a transaction for each, or that of the act. */
export function verbsOver(parts: VerbParts) {
  const { directory, policy, settings, administration, memberships, attachments, pauses, attendance, rooms } =
    parts
  return (transactions: RunsActs) => {
    const acts = new MessageActs(transactions, directory, policy)
    return {
      edits: new Edits({ acts, directory, policy, settings, pauses, attendance, rooms }),
      deletions: new Deletions(acts, policy, attachments),
      reactions: new Reactions(acts, policy),
      members: new Members({ policy, settings, transactions, memberships, rooms }),
      channelUpdates: new ChannelUpdates({ policy, settings, transactions, administration, rooms }),
    }
  }
}
