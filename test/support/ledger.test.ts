import { describe, expect, test } from 'bun:test'
import {
  bodyOf,
  type Entry,
  type Evidence,
  GRACE_MILLISECONDS,
  judge,
  Ledger,
  type LoggedEvent,
  type ReadableMessage,
  type WireEvent,
} from './ledger'

const EPOCH = '01JX8M6Z3Q5T7V9W1Y2B4D6F8H'
const LATER = '01JX8M6Z3Q5T7V9W1Y2B4D6F8J'

const cursor = (seq: number, epoch = EPOCH) => btoa(`2|${epoch}|${seq}`).replace(/=+$/, '')

function event(seq: number, channel: string | null = 'family', epoch = EPOCH): WireEvent & LoggedEvent {
  const id = `id-${seq}`
  return { type: 'message.created', channel, seq, cursor: cursor(seq, epoch), message: { id }, id, epoch }
}

/** The event of a purge. */
function purge(seq: number, purgedTo: number): LoggedEvent {
  return { type: 'channel.purged', channel: 'family', seq, epoch: EPOCH, id: null, purgedTo }
}

function message(seq: number, key = `key-${seq}`): ReadableMessage {
  return { id: `id-${seq}`, seq, channel: 'family', body: bodyOf(key, 'hello') }
}

/** Five posts of alice in a channel that bob can read and cleo cannot; everything is correct. */
function goodRun() {
  const ledger = new Ledger()
  const log = [1, 2, 3, 4, 5].map((seq) => event(seq))
  ledger.members('family', 'alice', 'bob')
  const bob = { reader: 'bob-1', account: 'bob', transport: 'sse', after: cursor(0) } as const
  const stream = ledger.opened({ ...bob, selection: { channels: '*', types: null } })
  for (const { seq, cursor, channel } of log) {
    ledger.attempted(`key-${seq}`, 'family')
    ledger.acked(`key-${seq}`, { id: `id-${seq}`, channel: channel ?? '', cursor })
  }
  for (const row of log.slice(0, 3)) stream.received(row)
  const again = ledger.opened({ ...bob, after: cursor(3), selection: { channels: '*', types: null } })
  for (const row of log.slice(3)) again.received(row)
  again.reached(cursor(5))
  const entries: Entry[] = ledger.entries
  const evidence: Evidence = { log, readable: [1, 2, 3, 4, 5].map((seq) => message(seq)) }
  return { entries, evidence }
}

/** The same run with changed records. */
function judged(change: {
  readonly entries?: (entries: Entry[]) => Entry[]
  readonly log?: (log: LoggedEvent[]) => LoggedEvent[]
  readonly readable?: (messages: ReadableMessage[]) => ReadableMessage[]
}): string[] {
  const { entries, evidence } = goodRun()
  return judge(change.entries?.(entries) ?? entries, {
    log: change.log?.([...evidence.log]) ?? evidence.log,
    readable: change.readable?.([...evidence.readable]) ?? evidence.readable,
  })
}

const isReceived = (seq: number) => (entry: Entry) => entry.what === 'received' && entry.seq === seq
const without = (match: (entry: Entry) => boolean) => (entries: Entry[]) =>
  entries.filter((entry) => !match(entry))
const alter = (match: (entry: Entry) => boolean, change: object) => (entries: Entry[]) =>
  entries.map((entry) => (match(entry) ? ({ ...entry, ...change } as Entry) : entry))

describe('a correct run', () => {
  test('a correct run has no violations', () => expect(judged({})).toEqual([]))

  test('a post that was never acknowledged may exist or not', () => {
    const fewerAcks = without((entry) => entry.what === 'acked' && entry.key === 'key-5')
    expect(judged({ entries: fewerAcks })).toEqual([])
    const attempt: Entry = { what: 'attempted', key: 'key-6', channel: 'family', at: 0 }
    expect(judged({ entries: (entries) => [...entries, attempt] })).toEqual([])
  })

  const changed = (...notes: object[]) => ({
    entries: (all: Entry[]) => [...all, ...notes.map((note) => ({ at: 0, ...note }) as Entry)],
  })
  const editOf = (what: 'editing' | 'edited', n: number) => ({
    what,
    id: 'id-2',
    body: bodyOf('key-2', `${n}`),
  })
  const bodyIs = (n: number) => ({
    readable: (all: ReadableMessage[]) =>
      all.map((one) => (one.seq === 2 ? { ...one, body: bodyOf('key-2', `${n}`) } : one)),
  })

  test('a message has the body of its last acknowledged edit, or of one that was attempted later', () => {
    const acked = [editOf('editing', 1), editOf('edited', 1)]
    expect(judged({ ...changed(...acked), ...bodyIs(1) })).toEqual([])
    expect(judged({ ...changed(...acked, editOf('editing', 2)), ...bodyIs(1) })).toEqual([])
    expect(judged({ ...changed(...acked, editOf('editing', 2)), ...bodyIs(2) })).toEqual([])
  })

  test('a message whose deletion was attempted may exist or not, and pages of messages leave it out', () => {
    const attempt = changed({ what: 'deleting', id: 'id-2' })
    expect(judged(attempt)).toEqual([])
    const gone = (all: ReadableMessage[]) => all.filter(({ seq }) => seq !== 2)
    expect(judged({ ...attempt, readable: gone })).toEqual([])
    const polled = (all: Entry[]) =>
      without(isReceived(2))(alter((entry) => entry.what === 'opened', { transport: 'poll' })(all))
    expect(judged({ entries: (all) => attempt.entries(polled(all)), readable: gone })).toEqual([])
  })

  test('a purged message is neither readable nor in the log, and its readers had it', () => {
    const rest = { log: (log: LoggedEvent[]) => [...log.slice(2), purge(6, 2)] }
    expect(judged({ ...rest, readable: (all) => all.slice(2) })).toEqual([])
  })

  test('a stream may lack events after the position that it reached', () => {
    const shorter = (entries: Entry[]) =>
      without((entry) => entry.what === 'reached')(without(isReceived(5))(entries))
    expect(judged({ entries: shorter })).toEqual([])
  })

  test('a stream may omit events that its filters do not select', () => {
    const { entries } = goodRun()
    const notes: Entry[] = alter((entry) => entry.what === 'opened', {
      selection: { channels: ['garden'], types: null },
    })(entries.filter((entry) => entry.what !== 'received' && !('stream' in entry && entry.stream === 2)))
    expect(judged({ entries: () => notes })).toEqual([])
  })

  test('a stream may omit events without a channel, which not every account receives', () =>
    expect(
      judged({
        log: (log) =>
          log.map((row) => (row.seq === 2 ? { ...row, channel: null, type: 'account.created' } : row)),
        entries: without(isReceived(2)),
        readable: (messages) => messages,
      }).filter((line) => line.startsWith('gap')),
    ).toEqual([]))

  test('events may repeat when a reader resumes from an earlier position on purpose', () => {
    const repeated = (entries: Entry[]) => {
      const [again] = entries.filter((entry) => entry.what === 'opened').slice(1)
      const third = entries.find(isReceived(3))
      const fourth = entries.findIndex(isReceived(4))
      if (!third || again?.what !== 'opened') throw new Error('no such entries')
      const earlier = alter((entry) => entry === again, { after: { epoch: EPOCH, seq: 2 } })(entries)
      return earlier.toSpliced(fourth, 0, { ...third, stream: again.stream } as Entry)
    }
    expect(judged({ entries: repeated })).toEqual([])
  })

  test('numbers continue when a new epoch starts', () => {
    const from = (seq: number) => (row: { seq: number }) => row.seq > seq
    const moved = alter((entry) => 'seq' in entry && entry.seq > 3, { epoch: LATER })
    expect(
      judged({
        entries: moved,
        log: (log) => log.map((row) => (from(3)(row) ? { ...row, epoch: LATER } : row)),
      }),
    ).toEqual([])
  })

  test('a declared gap may omit events', () => {
    const skipping = (entries: Entry[]) => {
      const second = entries.findIndex((entry) => entry.what === 'opened' && entry.after?.seq === 3)
      const skipped = alter((entry) => entry.what === 'opened' && entry.after?.seq === 3, {
        after: { epoch: EPOCH, seq: 4 },
      })(without(isReceived(4))(entries))
      return skipped.toSpliced(second, 0, { what: 'gap', reader: 'bob-1', at: 0 })
    }
    expect(judged({ entries: skipping })).toEqual([])
  })

  test('a message may still arrive for a moment after a right was taken away', () => {
    const fifth = (entries: Entry[]) => entries.findIndex(isReceived(5))
    const at = (entries: Entry[]) => entries[fifth(entries)]?.at ?? 0
    const taken = (entries: Entry[]) => {
      const taking: Entry = {
        what: 'taken',
        account: 'bob',
        channel: 'family',
        at: at(entries) - GRACE_MILLISECONDS / 2,
      }
      return entries.toSpliced(fifth(entries), 0, taking)
    }
    expect(judged({ entries: taken })).toEqual([])
  })
})

describe('violations', () => {
  const second = (entry: Entry) => entry.what === 'opened' && entry.after?.seq === 3
  const table: readonly [title: string, rule: string, change: Parameters<typeof judged>[0]][] = [
    ['an acknowledged message that cannot be read', 'lost', { readable: (all) => all.slice(1) }],
    [
      'an acknowledged message with another seq',
      'lost',
      { readable: (all) => all.map((one) => (one.seq === 2 ? { ...one, seq: 12 } : one)) },
    ],
    [
      'an acknowledged message in another channel',
      'lost',
      { readable: (all) => all.map((one) => (one.seq === 2 ? { ...one, channel: 'garden' } : one)) },
    ],
    [
      'a message above the purged part that is missing',
      'lost',
      { log: (log) => [...log.slice(2), purge(6, 2)], readable: (all) => all.slice(3) },
    ],
    ['a missing seq in the log', 'log', { log: (log) => log.toSpliced(1, 1) }],
    ['a seq that the log has twice', 'log', { log: (log) => log.toSpliced(1, 0, event(1)) }],
    ['a log that does not start at 1', 'log', { log: (log) => log.slice(1) }],
    [
      'an epoch that goes back',
      'log',
      { log: (log) => log.map((row) => (row.seq === 1 ? { ...row, epoch: LATER } : row)) },
    ],
    [
      'a seq that was assigned twice',
      'log',
      { log: (log) => log.map((row) => (row.seq === 5 ? { ...row, id: 'id-other' } : row)) },
    ],
    ['a missing event', 'gap', { entries: without(isReceived(2)) }],
    ['a missing event at the end', 'gap', { entries: without(isReceived(5)) }],
    [
      'a reader that resumes after a position it did not reach',
      'gap',
      { entries: (all) => alter(second, { after: { epoch: EPOCH, seq: 4 } })(without(isReceived(4))(all)) },
    ],
    [
      'a position that is reported as reached too early',
      'gap',
      {
        entries: (all) => {
          const fourth = all.findIndex(isReceived(4))
          const stream = all[fourth]
          if (stream?.what !== 'received') return all
          const early: Entry = { what: 'reached', stream: stream.stream, epoch: EPOCH, seq: 4, at: 0 }
          return all.toSpliced(fourth, 0, early)
        },
      },
    ],
    [
      'an event that arrives twice',
      'order',
      { entries: (all) => all.flatMap((entry) => (isReceived(2)(entry) ? [entry, entry] : [entry])) },
    ],
    ['events in the wrong order', 'order', { entries: (all) => all.map((entry) => swapped(all, entry)) }],
    [
      'an event from before the start of the stream',
      'order',
      { entries: alter(isReceived(4), { seq: 3, id: 'id-3' }) },
    ],
    ['an event that is not in the log', 'false', { entries: alter(isReceived(5), { seq: 6, id: 'id-6' }) }],
    ['a message that differs from the log', 'false', { entries: alter(isReceived(5), { id: 'id-4' }) }],
    ['an event of another epoch', 'false', { entries: alter(isReceived(5), { epoch: LATER }) }],
    ['a message that was never posted', 'false', { entries: without((entry) => entry.what === 'attempted') }],
    [
      'an event that the filters do not select',
      'false',
      {
        entries: alter((entry) => entry.what === 'opened', {
          selection: { channels: ['garden'], types: null },
        }),
      },
    ],
    [
      'an event of a type that the filters do not select',
      'false',
      {
        entries: alter((entry) => entry.what === 'opened', {
          selection: { channels: '*', types: ['member.left'] },
        }),
      },
    ],
    [
      'an acknowledged edit that readers do not see',
      'edit',
      {
        entries: (all) => [
          ...all,
          { what: 'editing', id: 'id-2', body: 'key-2 new', at: 0 },
          { what: 'edited', id: 'id-2', body: 'key-2 new', at: 0 },
        ],
      },
    ],
    [
      'a deleted message that can be read',
      'undone',
      {
        entries: (all) => [
          ...all,
          { what: 'deleting', id: 'id-2', at: 0 },
          { what: 'deleted', id: 'id-2', at: 0 },
        ],
      },
    ],
    [
      'a reader that gets the text of a deleted message',
      'undone',
      {
        readable: (all) => all.filter(({ seq }) => seq !== 5),
        entries: (all) => [
          { what: 'deleting', id: 'id-5', at: 0 },
          { what: 'deleted', id: 'id-5', at: 0 },
          ...alter(isReceived(5), { hasText: true, at: GRACE_MILLISECONDS + 1 })(all),
        ],
      },
    ],
    [
      'a message that reaches a non-member',
      'leak',
      { entries: without((entry) => entry.what === 'given' && entry.account === 'bob') },
    ],
    [
      'a message that reaches a member long after leaving',
      'leak',
      {
        entries: (all) => {
          const fifth = all.findIndex(isReceived(5))
          const at = (all[fifth]?.at ?? 0) - GRACE_MILLISECONDS - 1
          return all.toSpliced(fifth, 0, { what: 'taken', account: 'bob', channel: 'family', at })
        },
      },
    ],
    [
      'a key that made two messages',
      'twice',
      { readable: (all) => all.map((one) => (one.seq === 5 ? message(5, 'key-4') : one)) },
    ],
    [
      'a key that was acknowledged as two messages',
      'twice',
      { entries: alter((entry) => entry.what === 'acked' && entry.key === 'key-5', { key: 'key-4' }) },
    ],
  ]
  test.each(table)('the ledger finds %s', (_, rule, change) => {
    const found = judged(change)
    expect(found).not.toEqual([])
    expect(found.filter((line) => line.startsWith(`${rule}: `))).not.toEqual([])
  })

  function swapped(entries: readonly Entry[], entry: Entry): Entry {
    const other = isReceived(1)(entry) ? 2 : isReceived(2)(entry) ? 1 : undefined
    return (other === undefined ? undefined : entries.find(isReceived(other))) ?? entry
  }
})
