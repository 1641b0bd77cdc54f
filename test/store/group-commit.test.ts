import { describe, expect, test } from 'bun:test'
import { AppError, refusal } from '../../src/core/kernel/errors'
import { accountEvent } from '../../src/core/log/events'
import { rejectionOf } from '../home/temporary'
import { catalogueWithNotes, notedEvent } from '../support/noted'
import { POISON } from '../support/poison'
import { engines, openEngine } from './engines'
import { annAndHerRooms, announcements, makeAccount, messageOf, planOf, unwritten } from './scene'

describe.each(engines)('group commit on %s', (name) => {
  const scene = async () => {
    const engine = await openEngine(name, catalogueWithNotes)
    const { ann, plans } = await annAndHerRooms(engine.store)
    const write = (body: string, admit?: () => void) =>
      engine.store.post(planOf({ sender: ann, channel: plans, body, ...(admit ? { admit } : {}) }))
    const stored = async () =>
      (await engine.sql<{ body: string }>('SELECT body FROM messages ORDER BY seq')).map(({ body }) => body)
    const commits = announcements(engine.store)
    const head = await engine.store.reads.head()
    /** The announced events per commit, with seqs relative to the start. */
    const seqs = () => commits.map((events) => events.map(({ seq }) => seq - head))
    /** An act that changes no rights. */
    const noted = unwritten({ sender: ann, channel: plans, body: 'noted' })
    const note = (before = () => {}) =>
      engine.store.transact((tx) => {
        before()
        return tx.append(notedEvent(noted, 'seen'), null)
      })
    return { ...engine, ann, plans, commits, noted, write, note, stored, head, seqs }
  }

  test('posts and write commands queued together are committed together, posts first', async () => {
    await using s = await scene()
    await Promise.all([s.write('one'), s.write('two'), s.note(), s.note(), s.write('three')])
    expect(s.seqs()).toEqual(
      // On Postgres posts share one statement, and each act has its own transaction.
      name === 'sqlite' ? [[1, 2, 3, 4], [5]] : [[1, 2], [3], [4], [5]],
    )
  })

  test('operations that arrive while a commit is announced share the next commit', async () => {
    await using s = await scene()
    const later: Promise<unknown>[] = []
    s.store.onCommit(() => {
      if (later.length === 0) later.push(s.write('two'), s.write('three'))
    })
    await s.write('one')
    await Promise.all(later)
    expect(s.commits.map((events) => events.length)).toEqual([1, 2])
  })

  test('a group has at most 256 operations', async () => {
    await using s = await scene()
    await Promise.all(Array.from({ length: 300 }, (_, i) => s.write(`${i}`)))
    expect(s.commits.map((events) => events.length)).toEqual([256, 44])
  })

  test('a group has at most about a mebibyte of text', async () => {
    await using s = await scene()
    await Promise.all(Array.from({ length: 6 }, () => s.write('x'.repeat(400_000))))
    expect(s.commits.map((events) => events.length)).toEqual([3, 3])
  })

  test('a group ends when judging its posts takes too long, and the rest follows in the next group', async () => {
    await using s = await scene()
    const slow = () => s.clock.advance(6)
    await Promise.all([s.write('one'), s.write('two', slow), s.write('three'), s.write('four'), s.note()])
    expect(await s.stored()).toEqual(['one', 'two', 'three', 'four'])
    expect(s.seqs()).toEqual(
      name === 'sqlite'
        ? [
            [1, 2],
            [3, 4, 5],
          ]
        : [[1, 2], [3, 4], [5]],
    )
  })

  test('a group ends when its write commands take too long, and the rest follows in the next group', async () => {
    await using s = await scene()
    const act = (milliseconds: number) => s.note(() => s.clock.advance(milliseconds))
    await Promise.all([s.write('one'), act(6), act(0), act(0)])
    expect(s.seqs()).toEqual(
      name === 'sqlite'
        ? [
            [1, 2],
            [3, 4],
          ]
        : [[1], [2], [3], [4]],
    )
  })

  test('urgent acts, one after another, go before others and let posts and other acts go on', async () => {
    await using s = await scene()
    const order: string[] = []
    const done = (what: string) => () => order.push(what)
    const isOver = () => order.includes('posted') && order.includes('noted')
    const urgent = async () => {
      for (let i = 0; i < 20 && !isOver(); i++) {
        await s.store.transact(
          async (tx) => {
            // Takes the time of its whole group.
            s.clock.advance(6)
            return tx.append(
              notedEvent(unwritten({ sender: s.ann, channel: s.plans, body: 'u' }), 'seen'),
              null,
            )
          },
          { isUrgent: true },
        )
        order.push('urgent')
      }
    }
    const others = [
      s.note().then(done('first')),
      s.note().then(done('noted')),
      s.write('post').then(done('posted')),
    ]
    await Promise.all([urgent(), ...others])
    expect(order.indexOf('urgent')).toBeLessThan(order.indexOf('noted'))
    expect(order.filter((what) => what === 'urgent').length).toBeLessThan(6)
  })

  test('an operation refused before it writes does not affect the others', async () => {
    await using s = await scene()
    const outcomes = await Promise.allSettled([
      s.write('one'),
      s.write('never', () => {
        throw refusal('not_a_member')
      }),
      s.store.transact(async () => {
        throw refusal('handle_exists')
      }),
      s.write('two'),
    ])
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled'])
    expect(outcomes[1]).toMatchObject({ reason: { reason: 'not_a_member' } })
    expect(outcomes[2]).toMatchObject({ reason: { reason: 'handle_exists' } })
    expect(s.commits.flat().map(({ seq }) => seq)).toEqual([s.head + 1, s.head + 2])
  })

  test('an operation that fails after writing does not affect posts of its group', async () => {
    await using s = await scene()
    const fault = new Error('a bug')
    const [one, failed, two] = await Promise.allSettled([
      s.write('one'),
      s.store.transact(async (tx) => {
        await makeAccount(tx, 'bob')
        throw fault
      }),
      s.write('two'),
    ])
    expect(failed).toEqual({ status: 'rejected', reason: fault })
    if (one.status === 'rejected' || two.status === 'rejected') throw new Error('a neighbour failed')
    expect([messageOf(one.value).seq, messageOf(two.value).seq]).toEqual([s.head + 1, s.head + 2])
    expect(await s.stored()).toEqual(['one', 'two'])
    expect(await s.store.reads.account({ handle: 'bob' })).toBeUndefined()
    expect(s.commits.flat().map(({ seq }) => seq)).toEqual([s.head + 1, s.head + 2])
  })

  test('an operation that writes rows without an event and then fails leaves no rows', async () => {
    await using s = await scene()
    const failed = s.store.transact(async (tx) => {
      await tx.insertAttempts(['somewhere'], tx.now())
      throw new Error('a bug')
    })
    expect(await rejectionOf(failed)).toMatchObject({ message: 'a bug' })
    await s.write('one')
    expect(await s.sql('SELECT * FROM login_attempts')).toEqual([])
  })

  test('a write command that fails after writing fails alone, and the others share one commit', async () => {
    await using s = await scene()
    let runs = 0
    const failing = s.store.transact(async (tx) => {
      runs++
      await makeAccount(tx, 'bob')
      throw refusal('handle_exists')
    })
    const outcomes = await Promise.allSettled([failing, s.note(), s.note()])
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled'])
    expect(await rejectionOf(failing)).toMatchObject({ reason: 'handle_exists' })
    expect(s.seqs()).toEqual(name === 'sqlite' ? [[1, 2]] : [[1], [2]])
    // The others could have been at fault.
    expect(runs).toBe(name === 'sqlite' ? 2 : 1)
  })

  test('a group whose COMMIT fails is retried in parts, so that only the posts at fault fail', async () => {
    await using s = await scene()
    for (const statement of POISON[name]) await s.sql(statement)
    const outcomes = await Promise.allSettled(
      ['one', 'poison', 'two', 'poison', 'three'].map((body) => s.write(body)),
    )
    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'rejected',
      'fulfilled',
    ])
    expect(await s.stored()).toEqual(['one', 'two', 'three'])
    expect(s.commits.flat().map(({ seq }) => seq)).toEqual([s.head + 1, s.head + 2, s.head + 3])
  })

  test('a COMMIT that fails for all posts refuses all of them and announces nothing', async () => {
    await using s = await scene()
    for (const statement of POISON[name]) await s.sql(statement)
    const outcomes = await Promise.allSettled([s.write('poison'), s.write('poison')])
    for (const outcome of outcomes) {
      expect(outcome.status).toBe('rejected')
      // The text of the driver is not shown, and the error is not a refusal.
      if (outcome.status === 'rejected') expect(outcome.reason).not.toBeInstanceOf(AppError)
    }
    expect(await s.stored()).toEqual([])
    expect(s.commits).toEqual([])
    expect(await s.store.reads.head()).toBe(s.head)
    expect(messageOf(await s.write('one')).seq).toBe(s.head + 1)
  })

  test('an operation queued after a change of rights is judged after that change is announced', async () => {
    await using s = await scene()
    const announced: string[] = []
    s.store.onCommit((events) => announced.push(...events.map(({ type }) => type)))
    let seen: string[] = []
    const [, , post] = await Promise.allSettled([
      s.write('one'),
      s.store.transact((tx) => tx.append(accountEvent('account.token_revoked', s.ann), null)),
      s.write('two', () => {
        seen = [...announced]
        throw refusal('invalid_token')
      }),
    ])
    expect(post.status).toBe('rejected')
    expect(seen).toEqual(['message.created', 'account.token_revoked'])
    expect(await s.stored()).toEqual(['one'])
  })

  test('an event that changes no rights shares its commit and does not advance access_seq', async () => {
    await using s = await scene()
    const accessSeq = async () => (await s.sql('SELECT access_seq FROM log_head'))[0]
    const before = await accessSeq()
    await Promise.all([s.write('one'), s.note(), s.note()])
    expect(s.commits).toHaveLength(name === 'sqlite' ? 1 : 3)
    expect(await accessSeq()).toEqual(before)
  })

  test('an issued token counts as a change of rights, because it can end another token', async () => {
    await using s = await scene()
    const event = await s.store.transact((tx) =>
      tx.append(accountEvent('account.token_issued', s.ann, { replaces: 'another' }), null),
    )
    const [head] = await s.sql<{ access_seq: number | string }>('SELECT access_seq FROM log_head')
    expect(Number(head?.access_seq)).toBe(event.seq)
  })

  test('an effect of a commit is called once, and before a later write is judged if its act ends the group', async () => {
    await using s = await scene()
    for (const statement of POISON[name]) await s.sql(statement)
    const told: string[] = []
    let runs = 0
    let later: Promise<unknown> | undefined
    // On SQLite its COMMIT fails, and that of the act with it.
    const failing = rejectionOf(s.write('poison'))
    const effect = s.store.transact(async (tx) => {
      runs++
      tx.endGroup()
      tx.afterCommit(() => told.push(`${s.commits.flat().length} events announced`))
      await tx.append(notedEvent(s.noted, 'seen'), null)
      // Queued while the act runs, so in a later group.
      later ??= s.write('post', () => told.push('post judged'))
    })
    const act = s.note(() => told.push('act judged'))
    await Promise.all([failing, effect, act])
    await later
    expect(runs).toBe(name === 'sqlite' ? 2 : 1)
    expect(told[0]).toBe('1 events announced')
    expect(told.slice(1).toSorted()).toEqual(['act judged', 'post judged'])
  })

  test('an effect of a refused act is never called', async () => {
    await using s = await scene()
    const told: string[] = []
    const refused = (isWritten: boolean) =>
      rejectionOf(
        s.store.transact(async (tx) => {
          tx.afterCommit(() => told.push('refused'))
          if (isWritten) await tx.append(notedEvent(s.noted, 'seen'), null)
          throw refusal('not_a_member')
        }),
      )
    const granted = s.store.transact(async (tx) => tx.afterCommit(() => told.push('granted')))
    await Promise.all([refused(false), refused(true), granted, s.write('one')])
    expect(told).toEqual(['granted'])
  })

  test('queued operations are written before the store closes', async () => {
    await using s = await scene()
    const posts = ['one', 'two', 'three'].map((body) => s.write(body))
    const again = await s.reopen()
    expect((await Promise.all(posts)).map((outcome) => messageOf(outcome).seq - s.head)).toEqual([1, 2, 3])
    expect(await again.reads.head()).toBe(s.head + 3)
  })
})
