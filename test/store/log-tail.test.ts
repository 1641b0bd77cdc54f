import { expect, test } from 'bun:test'
import { toMicros } from '../../src/core/kernel/time'
import { eventCatalogue } from '../../src/core/log/catalogue'
import type { EventRecord, LogEvent } from '../../src/core/log/events'
import { LogTail } from '../../src/store/postgres/log-tail'
import { until } from '../support/sockets'

/** A log whose events are only numbers; the ones in `stored` are committed. */
function scene() {
  const stored: number[] = []
  const emitted: { seq: number; own: boolean }[] = []
  const faults: unknown[] = []
  const acts: number[] = []
  const skipped: number[] = []
  const unknown: number[] = []
  let watch: (what: string) => void = () => {}
  let reads = 0
  let breaks = false
  let hold: Promise<void> | undefined
  const record = (seq: number) =>
    ({
      seq,
      at: toMicros(seq),
      type: unknown.includes(seq) ? 'future.thing' : 'message.created',
      channelId: 1,
      subject: seq,
      actorId: 1,
      facts: null,
    }) as EventRecord
  const events = (own: boolean, ...seqs: number[]) =>
    seqs.map((seq) => ({ ...record(seq), facts: { own } }) as unknown as LogEvent)
  const tail = new LogTail(
    eventCatalogue,
    {
      eventsExcept: async (_types, after, upTo) =>
        acts.filter((seq) => seq > after && seq <= upTo).map(record),
      events: async (after, limit) => {
        reads++
        const page = stored.filter((seq) => seq > after).slice(0, limit)
        await hold
        if (breaks) throw new Error('the database is away')
        return page.map(record)
      },
    },
    0,
    (some) => {
      watch(`emit ${some.map(({ seq }) => seq)}`)
      emitted.push(...some.map(({ seq, facts }) => ({ seq, own: facts.own === true })))
    },
    (upTo) => {
      watch(`skip ${upTo}`)
      skipped.push(upTo)
    },
    (fault) => faults.push(fault),
  )
  tail.hydrate = async (records) => {
    watch(`hydrate ${records.map(({ seq }) => seq)}`)
    return events(false, ...records.filter(({ type }) => type !== 'future.thing').map(({ seq }) => seq))
  }
  return {
    tail,
    emitted,
    faults,
    acts,
    skipped,
    unknown,
    watch: (tell: typeof watch) => {
      watch = tell
    },
    events,
    seqs: () => emitted.map(({ seq }) => seq),
    commit: (...seqs: number[]) => stored.push(...seqs),
    reads: () => reads,
    break: (isBroken: boolean) => {
      breaks = isBroken
    },
    /** From now on reads return only when the returned function is called. */
    hold: () => {
      const held = Promise.withResolvers<void>()
      hold = held.promise
      return () => {
        hold = undefined
        held.resolve()
      }
    },
  }
}

test('an event of this process is announced at once and without a read when nothing is before it', async () => {
  const s = scene()
  s.commit(1, 2)
  const done = s.tail.announce(0, s.events(true, 1, 2))
  expect(s.emitted).toEqual([
    { seq: 1, own: true },
    { seq: 2, own: true },
  ])
  await done
  expect(s.reads()).toBe(0)
})

test('earlier events of other processes are read and announced first', async () => {
  const s = scene()
  s.commit(1, 2, 3, 4)
  await s.tail.announce(3, s.events(true, 4))
  expect(s.emitted).toEqual([1, 2, 3].map((seq) => ({ seq, own: false })).concat({ seq: 4, own: true }))
})

test('events of this process and of others are announced in log order', async () => {
  const s = scene()
  s.commit(1, 2, 3, 4, 5, 6)
  const first = s.tail.announce(1, s.events(true, 2))
  const second = s.tail.announce(3, s.events(true, 4, 5))
  s.tail.hint(6)
  await Promise.all([first, second, s.tail.waitFor(6)])
  expect(s.emitted.map(({ own }) => own)).toEqual([false, true, false, true, true, false])
  expect(s.seqs()).toEqual([1, 2, 3, 4, 5, 6])
})

test('an event that a read has already announced is not announced again', async () => {
  const s = scene()
  s.commit(1, 2, 3)
  const release = s.hold()
  s.tail.hint(3)
  await Bun.sleep(10)
  // Committed before the read and reported after it.
  const done = s.tail.announce(1, s.events(true, 2, 3))
  release()
  await done
  expect(s.seqs()).toEqual([1, 2, 3])
})

test('hints may be repeated, late, or for missing events', async () => {
  const s = scene()
  s.commit(1, 2)
  for (const seq of [2, 2, 1, 2]) s.tail.hint(seq)
  await s.tail.waitFor(2)
  s.tail.hint(1)
  s.tail.hint(2)
  expect(s.seqs()).toEqual([1, 2])
  s.tail.hint(9)
  await s.tail.waitFor(9)
  expect(s.tail.position).toBe(9)
  expect(s.seqs()).toEqual([1, 2])
})

test('an unreadable log rejects all waiters, is reported once, and is retried', async () => {
  const s = scene()
  s.commit(1, 2)
  s.break(true)
  await expect(s.tail.waitFor(1)).rejects.toThrow('away')
  await expect(s.tail.announce(1, s.events(true, 2))).rejects.toThrow('away')
  expect(s.seqs()).toEqual([])
  // Reported once and not with every attempt.
  expect(s.faults).toHaveLength(1)
  s.break(false)
  await until('the log', () => s.tail.position === 2)
  expect(s.emitted).toEqual([
    { seq: 1, own: false },
    { seq: 2, own: true },
  ])
  s.break(true)
  await expect(s.tail.waitFor(3)).rejects.toThrow('away')
  expect(s.faults).toHaveLength(2)
})

test('a hint causes no read between two attempts', async () => {
  const s = scene()
  s.commit(1, 2)
  s.break(true)
  await expect(s.tail.waitFor(1)).rejects.toThrow('away')
  const reads = s.reads()
  for (let n = 0; n < 50; n++) {
    s.tail.hint(2)
    await Promise.resolve()
  }
  expect(s.reads()).toBe(reads)
  s.break(false)
  await s.tail.waitFor(2)
  expect(s.seqs()).toEqual([1, 2])
})

test('a stopped tail reads no more', async () => {
  const s = scene()
  s.commit(1)
  s.tail.stop()
  s.tail.hint(1)
  await expect(s.tail.waitFor(1)).rejects.toThrow('closed')
  expect(s.reads()).toBe(0)
})

test('an event of an unknown type is skipped at its position, with or without listeners', async () => {
  for (const hasReaders of [true, false]) {
    const s = scene()
    s.tail.hasReaders = () => hasReaders
    s.commit(1, 2, 3, 4)
    s.acts.push(1, 2, 3, 4)
    s.unknown.push(2, 4)
    const seen: string[] = []
    s.watch((what) => seen.push(what))
    await s.tail.waitFor(4)
    expect(seen).toEqual(['hydrate 1,2', 'emit 1', 'skip 2', 'hydrate 3,4', 'emit 3', 'skip 4'])
  }
})

test('a run of unknown events reloads the rights once, and no event of a page is read twice', async () => {
  for (const hasReaders of [true, false]) {
    const s = scene()
    s.tail.hasReaders = () => hasReaders
    const seqs = Array.from({ length: 8 }, (_, i) => i + 1)
    s.commit(...seqs)
    s.acts.push(...seqs)
    s.unknown.push(2, 3, 4, 6)
    const seen: string[] = []
    s.watch((what) => seen.push(what))
    await s.tail.waitFor(8)
    expect(seen.filter((what) => what.startsWith('hydrate'))).toEqual([
      'hydrate 1,2,3,4',
      'hydrate 5,6',
      'hydrate 7,8',
    ])
    expect(s.skipped.slice(0, 2)).toEqual([4, 6])
    expect(s.reads()).toBe(hasReaders ? 1 : 0)
  }
})

test('a burst of hints is read in few pages, and an awaited position at once', async () => {
  const s = scene()
  for (let seq = 1; seq <= 200; seq++) {
    s.commit(seq)
    s.tail.hint(seq)
    if (seq % 20 === 0) await Bun.sleep(1)
  }
  await s.tail.waitFor(200)
  expect(s.seqs()).toEqual(Array.from({ length: 200 }, (_, i) => i + 1))
  expect(s.reads()).toBeLessThan(15)
})

test('without listeners messages are skipped and other events are announced', async () => {
  const s = scene()
  let hasReaders = false
  s.tail.hasReaders = () => hasReaders
  s.commit(1, 2, 3, 4, 5, 6)
  s.acts.push(3, 5)
  // Its own message is not announced either once others have written before it.
  await s.tail.announce(3, s.events(true, 4))
  await s.tail.waitFor(6)
  expect(s.seqs()).toEqual([3, 5])
  expect(s.skipped.at(-1)).toBe(6)
  expect(s.tail.position).toBe(6)
  hasReaders = true
  s.commit(7, 8)
  await s.tail.waitFor(8)
  expect(s.seqs()).toEqual([3, 5, 7, 8])
})

test('a listener that starts during a read receives the messages of that read', async () => {
  const s = scene()
  let asked = 0
  // A listener starts while the log is being read.
  s.tail.hasReaders = () => ++asked > 2
  s.commit(1, 2, 3)
  await s.tail.waitFor(3)
  expect(s.seqs()).toEqual([1, 2, 3])
  expect(s.skipped).toEqual([])
})
