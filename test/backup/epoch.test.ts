import { expect, setDefaultTimeout, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { writeState } from '../../src/home'
import { Site } from '../support/site'
import { epochsIn, post, served } from './scene'

setDefaultTimeout(120_000)

test('epoch rotate starts an epoch after the head or at --from, and later cursors get 409', async () => {
  await using site = new Site()
  const { server, token, posts } = await served(site, 5)
  expect((await site.run('epoch', 'rotate')).code).toBe(5)
  await server.stop()
  const head = posts[4]?.seq ?? 0
  const first = await site.run('epoch', 'rotate', '--json')
  expect(JSON.parse(first.stdout)).toMatchObject({ first_seq: head + 1 })
  const third = posts[2]?.seq ?? 0
  const second = await site.run('epoch', 'rotate', '--from', String(third), '--json')
  const { epoch } = JSON.parse(second.stdout)
  expect(epoch > JSON.parse(first.stdout).epoch).toBe(true)
  expect(epochsIn(site.paths.database)).toEqual([
    { epoch: expect.any(String), first_seq: 1, reason: 'created' },
    { epoch, first_seq: third, reason: 'rotate' },
  ])
  for (const [text, code] of [
    [String(head + 2), 1],
    ['0', 2],
    ['x', 2],
  ] as const)
    expect((await site.run('epoch', 'rotate', '--from', text)).code).toBe(code)

  const again = await site.serveWith({ SYNAPSE_LOG_LEVEL: 'warning' })
  const statuses = []
  for (const { cursor } of posts)
    statuses.push((await again.as(token).get(`/v1/events?since=${cursor}`)).status)
  expect(statuses).toEqual([200, 200, 409, 409, 409])
  expect((await post(again, token, 'goes on')).seq).toBe(head + 1)
  expect(await again.stop()).toBe(0)
})

test('a state.json of an earlier known epoch is not a rollback, and one of an unknown epoch is', async () => {
  await using site = new Site()
  const { server, posts } = await served(site, 3)
  await server.stop()
  const [created] = epochsIn(site.paths.database)
  await site.run('epoch', 'rotate')
  writeState(site.paths.state, { epoch: created?.epoch ?? '', lastSeq: posts[1]?.seq ?? 0 })
  const known = await site.serve()
  expect(known.written).not.toContain('older than this home has seen')
  await known.stop()
  expect(epochsIn(site.paths.database)).toHaveLength(2)

  writeState(site.paths.state, { epoch: '01M7Y5WJA00A1B2C3D4E5F6G7H', lastSeq: 1 })
  const unknown = await site.serve()
  expect(unknown.written).toContain('older than this home has seen')
  await unknown.stop()
  expect(epochsIn(site.paths.database).at(-1)?.reason).toBe('rollback')
  expect(readFileSync(site.paths.state, 'utf8')).toContain(epochsIn(site.paths.database).at(-1)?.epoch ?? '?')
})
