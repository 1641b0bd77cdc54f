import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import type { Approval } from '@synapse/client'
import { Room } from '../../client/room'
import { Desk } from './desk'

setDefaultTimeout(120_000)

let room: Room
beforeAll(async () => {
  room = await Room.open()
})
afterAll(() => room[Symbol.asyncDispose]())

test('a person sees what waits, and decides by a number, a text or the end of an id', async () => {
  const [ada, bot] = [await Desk.of(room, 'ada', 'person'), await Desk.of(room, 'bot')]
  const ask = async (question: string) =>
    (
      await bot.out('ask', 'general', question, '--option', 'Deploy', '--option', 'Not now', '--wait', '0')
    ).trim()
  const ids = [await ask('First?'), await ask('Second?'), await ask('Third?')]
  const waiting = await ada.lines<Approval>('decide', '--json')
  expect(waiting.map(({ id }) => id).sort()).toEqual([...ids].sort())
  expect(await ada.out('decide')).toContain('1 Deploy, 2 Not now')
  const [first = '', second = '', third = ''] = ids
  expect(await ada.out('decide', first, '2', '--note', 'After the freeze')).toContain('decided: Not now')
  const message = waiting.find(({ id }) => id === second)?.message_id ?? ''
  expect(await ada.out('decide', message, 'deploy')).toContain('decided: Deploy, as @bot asked in #general')
  await ada.out('decide', third.slice(-8), 'Deploy')
  const answer = await bot.lines<Approval>('ask', '--resume', first, '--json')
  expect(answer[0]?.decision).toMatchObject({ option: 'Not now', by: 'ada', note: 'After the freeze' })
  expect(await ada.lines('decide', '--json')).toEqual([])
})

test('what cannot be decided is refused with what to do', async () => {
  const [eve, bot] = [await Desk.of(room, 'eve', 'person'), await Desk.of(room, 'robot')]
  const id = (await bot.out('ask', 'general', 'Go?', '--wait', '0')).trim()
  const unknown = await eve.run('decide', id, 'perhaps')
  expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('the options are: 1 yes, 2 no')])
  expect((await eve.run('decide', 'ffffff', 'yes')).code).toBe(4)
  expect((await eve.run('decide', id)).code).toBe(2)
  const agent = await bot.run('decide', id, 'yes')
  expect([agent.code, agent.stderr]).toEqual([3, expect.stringMatching(/human/)])
  await eve.out('decide', id, 'yes')
  const twice = await eve.run('decide', id, 'no')
  expect([twice.code, twice.stderr]).toEqual([5, expect.stringContaining('decided')])
})
