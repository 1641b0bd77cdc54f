import type { Directory } from './directory'
import type { SettingValue } from './entities'
import { type EventLookups, type EventRecord, fromRecord, isAboutAccount, type LogEvent } from './events'
import type { Seq } from './ids'
import type { Reads } from './ports'
import { viewMessages } from './views'

/** The events that these records of the log are today, in order, without those whose subject is gone. */
export async function hydrate(
  reads: Pick<Reads, 'messagesBySeq' | 'settingChanges'>,
  directory: Directory,
  records: readonly EventRecord[],
): Promise<LogEvent[]> {
  const seqs = records.filter((record) => record.type === 'message.created').map((record) => record.subject)
  const stored = await reads.messagesBySeq(seqs)
  const changes = records.filter((record) => record.type === 'setting.changed')
  const settings = await settingsOf(reads, changes)
  return directory.settle(() => {
    const accounts = records.flatMap((r) => [r.actorId, isAboutAccount(r.type) ? r.subject : null])
    directory.requireAccounts(accounts.filter((id) => id !== null))
    const messages = new Map(viewMessages(directory, stored).map((view) => [view.message.seq, view]))
    const look: EventLookups = {
      account: (id) => directory.account(id),
      channel: (id) => directory.channel(id),
      message: (seq) => messages.get(seq),
      setting: (seq) => settings.get(seq),
    }
    return records.map((record) => fromRecord(record, look)).filter((event) => event !== undefined)
  })
}

async function settingsOf(
  reads: Pick<Reads, 'settingChanges'>,
  records: readonly EventRecord[],
): Promise<ReadonlyMap<Seq, SettingValue>> {
  if (records.length === 0) return new Map()
  const changes = await reads.settingChanges({ seqs: records.map((record) => record.subject) })
  return new Map(changes.map(({ seq, key, value }) => [seq, { key, value }]))
}
