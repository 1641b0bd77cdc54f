import type { Directory } from '../access/directory'
import { viewClaims } from '../coordination/claim-view'
import { viewPauses } from '../coordination/pause-view'
import type { SettingValue } from '../kernel/entities'
import type { Seq } from '../kernel/ids'
import type { Reads } from '../kernel/ports'
import type { Pace } from '../kernel/turns'
import { viewMessages } from '../messages/views'
import type { Catalogue } from './catalogue'
import type { About } from './event-kind'
import { accountsIn, type EventLookups, type EventRecord, fromRecord, type LogEvent } from './events'
import { isDiscussed, type RecentEvents } from './recent-events'

/** Events that are looked up together. */
export const SLICE = 64

export interface HydrateDeps {
  readonly catalogue: Catalogue
  readonly reads: Pick<Reads, 'messagesBySeq' | 'settingChanges' | 'claimsByEpoch' | 'pausesBySeq'>
  readonly directory: Directory
  readonly recent: RecentEvents
}

/**
 * Turns records of the log into events, in order. Leaves out records whose subject is gone or whose type is unknown.
 */
export async function hydrate(deps: HydrateDeps, records: readonly EventRecord[]): Promise<LogEvent[]> {
  const { recent } = deps
  const { mark } = recent
  const known = new Map(records.map(({ seq }) => [seq, recent.get(seq)]))
  const missing = records.filter(({ seq }) => known.get(seq) === undefined)
  if (missing.length > 0) {
    for (const { event, discussed } of await read(deps, missing)) {
      recent.keep(event, discussed, mark)
      known.set(event.seq, event)
    }
    // Cached events may read differently since then.
    if (recent.mark.changes !== mark.changes) return (await read(deps, records)).map(({ event }) => event)
  }
  return records.map(({ seq }) => known.get(seq)).filter((event) => event !== undefined)
}

/** Like `hydrate`, for many records: yields to other work in between. */
export async function hydrateInSlices(
  deps: HydrateDeps,
  pace: Pace,
  records: readonly EventRecord[],
): Promise<LogEvent[]> {
  const loop = pace.loop()
  const events: LogEvent[] = []
  for (let start = 0; start < records.length; start += SLICE) {
    await loop.turn()
    const slice = records.slice(start, start + SLICE)
    events.push(...(await hydrate(deps, slice)))
    loop.did(slice.length)
  }
  return events
}

async function read({ catalogue, reads, directory }: HydrateDeps, records: readonly EventRecord[]) {
  const known = records.flatMap((record) => {
    const kind = catalogue.find(record.type)
    return kind ? { record, kind } : []
  })
  const subjectsOf = (...about: About[]) =>
    known.filter(({ kind }) => about.includes(kind.about)).map(({ record }) => record.subject)
  const seqs = [...new Set(subjectsOf('message'))]
  const stored = await reads.messagesBySeq(seqs)
  const replied = new Set(stored.filter(isDiscussed).map(({ seq }) => seq))
  const settings = await settingsOf(reads, subjectsOf('setting'))
  const epochs = [...new Set(subjectsOf('claim'))]
  const claims = epochs.length === 0 ? [] : await reads.claimsByEpoch(epochs)
  const paused = [...new Set(subjectsOf('pause'))]
  const pauses = paused.length === 0 ? [] : await reads.pausesBySeq(paused)
  return directory.retryUntilLoaded(() => {
    const actors = known.map(({ record }) => record.actorId).filter((id) => id !== null)
    const named = known.flatMap(({ record }) => accountsIn(record.facts))
    directory.requireAccounts([...actors, ...named, ...subjectsOf('account', 'membership')])
    const messages = new Map(viewMessages(directory, stored).map((view) => [view.message.seq, view]))
    const claimed = new Map(viewClaims(directory, claims).map((view) => [view.epoch, view]))
    const pausesBySeq = new Map(viewPauses(directory, pauses).map((view) => [view.seq, view]))
    const look: EventLookups = {
      account: (id) => directory.account(id),
      channel: (id) => directory.channel(id),
      message: (seq) => messages.get(seq),
      setting: (seq) => settings.get(seq),
      claim: (epoch) => claimed.get(epoch),
      pause: (seq) => pausesBySeq.get(seq),
    }
    return known
      .map(({ record, kind }) => fromRecord(record, kind, look))
      .filter((event) => event !== undefined)
      .map((event) => ({ event, discussed: replied.has(event.seq) }))
  })
}

async function settingsOf(
  reads: Pick<Reads, 'settingChanges'>,
  seqs: readonly Seq[],
): Promise<ReadonlyMap<Seq, SettingValue>> {
  if (seqs.length === 0) return new Map()
  const changes = await reads.settingChanges({ seqs })
  return new Map(changes.map(({ seq, key, value }) => [seq, { key, value }]))
}
