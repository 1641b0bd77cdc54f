// Threads for statements that may look at many rows: how many run at once, and what happens when one ends.
import { Database } from 'bun:sqlite'
import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { ReadThreads } from '../../src/store/sqlite/read-threads'
import type { StartWorker } from '../../src/store/sqlite/thread/thread'
import { rejectionOf } from '../home/temporary'
import { fastDirectory } from '../support/fast-directory'
import { until } from '../support/sockets'
import { endingThreads, lateThreads, TRIGGER } from './threads/failing-threads'

const echo = (value: string) => ({ sql: 'SELECT ? || count(*) FROM numbers', values: [value] })

function scene(start: StartWorker) {
  const directory = fastDirectory()
  const path = join(directory.path, 'some.db')
  const writer = new Database(path)
  writer.run('PRAGMA journal_mode = WAL')
  writer.run('CREATE TABLE numbers (n INTEGER)')
  const threads = new ReadThreads(path, start)
  return {
    threads,
    writer,
    ask: (value: string) => threads.query(echo(value)),
    [Symbol.asyncDispose]: async () => {
      await threads.close()
      writer.close()
      directory[Symbol.dispose]()
    },
  }
}

test('two statements run at once, 64 wait in order, and one more is refused', async () => {
  const late = lateThreads()
  await using s = scene(late.start)
  const done: number[] = []
  const running = [s.ask(TRIGGER), s.ask(TRIGGER)]
  const waiting = Array.from({ length: 64 }, async (_, i) => {
    await s.ask(`${i} `)
    done.push(i)
  })
  expect(await rejectionOf(s.ask('one too many'))).toMatchObject({ kind: 'unavailable' })
  await until('both statements to run', () => late.late === 2)
  expect(done).toEqual([])
  late.release()
  expect(await Promise.all(running)).toEqual([[[`${TRIGGER}0`]], [[`${TRIGGER}0`]]])
  await Promise.all(waiting)
  expect(done.toSorted((one, other) => one - other)).toEqual(Array.from({ length: 64 }, (_, i) => i))
})

test('a thread is used again, sees every commit before its statement, and cannot write', async () => {
  const threads = endingThreads('before', 0)
  await using s = scene(threads.start)
  for (let n = 0; n < 3; n++) {
    expect(await s.ask('')).toEqual([[`${n}`]])
    s.writer.run('INSERT INTO numbers VALUES (1)')
  }
  expect(threads.started).toBe(1)
  const forbidden = s.threads.query({ sql: 'DELETE FROM numbers', values: [] })
  expect(await rejectionOf(forbidden)).toMatchObject({ code: 'SQLITE_READONLY' })
  expect(await s.ask('')).toEqual([['3']])
})

test('a statement whose thread ends is run again by another thread', async () => {
  const threads = endingThreads('before')
  await using s = scene(threads.start)
  expect(await s.ask(TRIGGER)).toEqual([[`${TRIGGER}0`]])
  expect(threads.started).toBe(2)
})

test('a statement whose threads always end fails, and others succeed', async () => {
  const threads = endingThreads('before', 2)
  await using s = scene(threads.start)
  expect(await rejectionOf(s.ask(TRIGGER))).toMatchObject({ name: 'ThreadEnded' })
  expect(await s.ask('other ')).toEqual([['other 0']])
})

test('statements that run or wait when the threads are closed are finished before', async () => {
  const late = lateThreads()
  await using s = scene(late.start)
  const answers: unknown[] = []
  const asked = [TRIGGER, TRIGGER, 'waits '].map(async (value) => {
    answers.push(await s.ask(value))
  })
  await until('both statements to run', () => late.late === 2)
  let isClosed = false
  const closing = s.threads.close().then(() => {
    isClosed = true
  })
  await Bun.sleep(50)
  expect(isClosed).toBe(false)
  late.release()
  await closing
  expect(answers).toEqual([[[`${TRIGGER}0`]], [[`${TRIGGER}0`]], [['waits 0']]])
  await Promise.all(asked)
})
