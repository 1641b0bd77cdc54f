import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Synapse } from '@synapse/client'
import { Journal } from '../../../src/cli/client/runs'
import { isAlive } from '../../../src/home'
import { Room } from '../../client/room'
import { until } from '../../support/sockets'
import { Desk } from './desk'
import { linesOf, Started } from './started'

setDefaultTimeout(120_000)

let room: Room
let ada: Synapse
beforeAll(async () => {
  room = await Room.open()
  ada = await room.as('ada', 'person')
})
afterAll(() => room[Symbol.asyncDispose]())

/** What became of a message for the only account that it notifies. */
async function deliveryOf(id: string) {
  const { deliveries } = await ada.request('GET /v1/messages/{id}/deliveries', { path: { id } })
  return deliveries[0]
}

async function untilDelivered(id: string, state: string) {
  return until(`the delivery to be ${state}`, async () => {
    const delivery = await deliveryOf(id)
    return delivery?.state === state && delivery
  })
}

test('without a command, each item that waits or comes is printed once, and stays unacknowledged', async () => {
  const desk = await Desk.of(room, 'printer')
  const { id: early } = await ada.post('general', '@printer before')
  await using watch = new Started(desk, 'watch')
  await until('the first item', () => watch.lines.length === 1)
  const { id: late } = await ada.post('general', '@printer after')
  await until('the second item', () => watch.lines.length === 2)
  expect(watch.lines.map(({ message }) => (message as { id: string }).id)).toEqual([early, late])
  expect(watch.lines[0]).toMatchObject({ reason: 'mention', event: 'message.created' })
  await untilDelivered(early, 'seen')
  expect(await watch.stop('SIGINT')).toBe(0)
  await using again = new Started(desk, 'watch', '--reason', 'mention', '--channel', '#General')
  await until('both items', () => again.lines.length === 2)
})

describe('--exec', () => {
  test('a command gets a batch as lines of JSON, and its end acknowledges them', async () => {
    const desk = await Desk.of(room, 'worker')
    for (const n of [1, 2]) await ada.post('general', `@worker job ${n}`)
    const script = 'cat >> batches; echo "$SYNAPSE_HANDLE" >> batches'
    await using watch = new Started(desk, 'watch', '--exec', script)
    await until('the batch', () => linesOf(desk, 'batches').length === 3)
    const lines = linesOf(desk, 'batches')
    expect(lines.slice(0, 2).map((line) => JSON.parse(line).message.body)).toEqual([
      '@worker job 1',
      '@worker job 2',
    ])
    expect(lines[2]).toBe('worker')
    const { id } = await ada.post('general', '@worker job 3')
    await untilDelivered(id, 'acked')
    await watch.says('1 item: done')
    expect((await desk.lines('inbox', '--unacked', '--json').catch(() => [])).length).toBe(0)
  })

  test('an item whose command fails is reported to its sender as failed, with the reason', async () => {
    const desk = await Desk.of(room, 'clumsy')
    await using watch = new Started(desk, 'watch', '--exec', 'exit 3')
    await watch.says('watches')
    const { id } = await ada.post('general', '@clumsy try')
    expect(await untilDelivered(id, 'failed')).toMatchObject({ note: 'it ended with 3' })
  })

  test('a command that runs for too long is ended with everything that it started', async () => {
    const desk = await Desk.of(room, 'slow')
    await using _ = new Started(desk, 'watch', '--timeout', '1', '--exec', 'sleep 600 & echo $! > pid; wait')
    const { id } = await ada.post('general', '@slow try')
    expect(await untilDelivered(id, 'failed')).toMatchObject({ note: 'it ran for 1 s' })
    const pid = Number(readFileSync(join(desk.home, 'pid'), 'utf8'))
    await until('the end of the child', () => !isAlive(pid))
  })

  test('while the account is paused no command is started, and then everything that waited is handled', async () => {
    const desk = await Desk.of(room, 'paused')
    await using watch = new Started(desk, 'watch', '--exec', 'cat >> ran')
    await watch.says('watches')
    const pause = await ada.request('POST /v1/pauses', { body: { account: 'paused', channel: 'general' } })
    const { id } = await ada.post('general', '@paused wait')
    // The item is read, and nothing is started for it.
    await untilDelivered(id, 'seen')
    expect(linesOf(desk, 'ran')).toEqual([])
    await ada.request('DELETE /v1/pauses/{id}', { path: { id: pause.id } })
    await untilDelivered(id, 'acked')
    expect(linesOf(desk, 'ran')).toHaveLength(1)
  })

  test('an item is started by the next watcher if the last one was killed after noting it and before its command', async () => {
    const desk = await Desk.of(room, 'noted')
    const { id } = await ada.post('general', '@noted work')
    {
      // Leaves the journal as a kill at that moment does.
      const task = { id: `message.created ${id}`, messageId: id, channel: 'general', item: {} }
      using journal = Journal.open(join(desk.folder, 'noted.watch.runs'))
      journal.add([task])
    }
    await using watch = new Started(desk, 'watch', '--exec', 'cat >> ran')
    await untilDelivered(id, 'acked')
    await watch.says('1 item: done')
    expect(linesOf(desk, 'ran')).toHaveLength(1)
  })

  test('an item whose command was cut off by the end of the watcher is reported, and never started again', async () => {
    const desk = await Desk.of(room, 'cutoff')
    const script = 'echo start >> ran; sleep 600 & echo $! > pid; wait; echo end >> ran'
    const { id } = await (async () => {
      await using watch = new Started(desk, 'watch', '--exec', script)
      const posted = await ada.post('general', '@cutoff work')
      await until('the start', () => linesOf(desk, 'pid').length === 1)
      await watch.stop('SIGKILL')
      return posted
    })()
    const pid = Number(readFileSync(join(desk.home, 'pid'), 'utf8'))
    expect(isAlive(pid)).toBe(true)
    await using watch = new Started(desk, 'watch', '--exec', script)
    expect(await untilDelivered(id, 'failed')).toMatchObject({ note: 'interrupted' })
    await watch.says('1 cut off before')
    await until('the end of what was left running', () => !isAlive(pid))
    const { id: next } = await ada.post('general', '@cutoff again')
    await until('the next start', () => linesOf(desk, 'ran').length === 2)
    expect(await watch.stop()).toBe(0)
    // A stop says so by itself.
    expect(await untilDelivered(next, 'failed')).toMatchObject({ note: 'interrupted' })
    expect(linesOf(desk, 'ran')).toEqual(['start', 'start'])
  })

  test('a second watcher of the same position is refused, and another position is not', async () => {
    const desk = await Desk.of(room, 'twice')
    await using first = new Started(desk, 'watch', '--exec', 'true')
    await first.says('watches')
    const { code, stderr } = await desk.run('watch', '--exec', 'true')
    expect([code, stderr]).toEqual([5, expect.stringContaining('another process starts programs')])
    await using other = new Started(desk, 'watch', '--consumer', 'second', '--exec', 'true')
    await other.says('watches')
  })
})

test('every item starts one command, while watcher and server are killed again and again', async () => {
  const desk = await Desk.of(room, 'survivor')
  const script = 'while read -r line; do echo "$line" >> ran; done'
  const posted: string[] = []
  for (let round = 0; round < 6; round++) {
    await using watch = new Started(desk, 'watch', '--limit', '1', '--exec', script)
    for (let i = 0; i < 3; i++) posted.push((await ada.post('general', `@survivor ${round} ${i}`)).id)
    await Bun.sleep(Math.random() * 600)
    await (round % 2 === 0 ? watch.stop('SIGKILL') : room.crash())
    if (round % 2 === 0) continue
    await Bun.sleep(Math.random() * 300)
  }
  await using watch = new Started(desk, 'watch', '--limit', '1', '--exec', script)
  for (const id of posted)
    await until(`the end of ${id}`, async () => /acked|failed/.test((await deliveryOf(id))?.state ?? ''))
  await watch.stop()
  const ran = linesOf(desk, 'ran').map((line) => JSON.parse(line).message.id)
  expect(ran).toHaveLength(new Set(ran).size)
  const notStarted = posted.filter((id) => !ran.includes(id))
  // Killed between the journal and the start.
  for (const id of notStarted)
    expect(await deliveryOf(id)).toMatchObject({ state: 'failed', note: 'interrupted' })
})

test('wrong flags are refused before anything is sent', async () => {
  const desk = await Desk.of(room, 'wrong')
  writeFileSync(join(desk.home, 'unused'), '')
  for (const words of [
    ['--limit', '0'],
    ['--limit', '201'],
    ['--consumer', 'a b'],
    ['--exec', ' '],
    ['--timeout', 'soon'],
  ]) {
    const { code, stderr } = await desk.run('watch', ...words)
    expect([words, code]).toEqual([words, 2])
    expect(stderr).toContain(words[0] === '--consumer' ? 'consumer' : (words[0] ?? ''))
  }
})
