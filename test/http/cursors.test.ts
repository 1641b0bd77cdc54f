import { describe, expect, test } from 'bun:test'
import { readFileSync, writeFileSync } from 'node:fs'
import { formatCursor } from '../../src/core/log/cursors'
import { homePaths } from '../../src/home'
import { type Message, SECOND, type World, world } from '../support/world'
import { expectRefusal } from './refusals'

/** Ten messages a second apart in general, and a second channel, lunch; ann reads both. */
async function scene(settings: Record<string, string> = {}) {
  const w: World = await world({ settings })
  const general = await w.channel('general')
  await w.channel('lunch')
  const ann = await w.agent('ann', { channels: { general: 'member', lunch: 'member' } })
  const all: Message[] = []
  for (let i = 0; i < 10; i++) {
    w.clock.advance(SECOND)
    all.push(await ann.posts('general', `${i}`))
  }
  const nth = (i: number): Message => {
    const message = all[i]
    if (!message) throw new Error(`there is no message ${i}`)
    return message
  }
  const server = async () => (await ann.get<{ epoch: string; head_cursor: string }>('/v1/server')).body
  return { w, general, ann, nth, server, [Symbol.asyncDispose]: () => w[Symbol.asyncDispose]() }
}

const bodies = (from: number, to = 10) => Array.from({ length: to - from }, (_, i) => `${i + from}`)
const encode = (text: string) => Buffer.from(text).toString('base64').replace(/\+/g, '-').replace(/\//g, '_')
const unknown = '38a73fde-5ecb-40dc-97a0-8ddd2fb8512f'

describe('cursors', () => {
  test('a cursor is a position in the whole log, valid in every channel and for every reader', async () => {
    await using s = await scene()
    expect(s.nth(4).cursor).toBe(formatCursor((await s.server()).epoch, s.nth(4).seq))
    expect(await s.ann.hears('general', { since: s.nth(4).cursor })).toEqual(bodies(5))
    await s.ann.posts('lunch', 'elsewhere')
    expect(await s.ann.hears('lunch', { since: s.nth(4).cursor })).toEqual(['elsewhere'])
    const { body } = await s.ann.get<{ events: { seq: number }[] }>(
      `/v1/events?since=${s.nth(4).cursor}&limit=1`,
    )
    expect(body.events[0]?.seq).toBe(s.nth(5).seq)
  })

  test('an empty cursor counts as absent', async () => {
    await using s = await scene()
    expect(await s.ann.hears('general', { since: '' })).toEqual(bodies(0))
    expect(await s.ann.hears('general', { before: '' })).toEqual(bodies(0))
  })

  test('a cursor may have base64 padding', async () => {
    await using s = await scene()
    for (const padding of ['', '=', '==']) {
      expect(await s.ann.hears('general', { since: `${s.nth(4).cursor}${padding}` })).toEqual(bodies(5))
      const { created_at, id } = s.nth(4)
      expect(await s.ann.hears('general', { since: `${encode(`${created_at}|${id}`)}${padding}` })).toEqual(
        bodies(5),
      )
    }
  })

  test.each(['garbage', '!', 'MnwwMUpY', encode(`2|x|1`), encode(`yesterday|${unknown}`)])(
    'the malformed cursor %s is refused',
    async (text) => {
      await using s = await scene()
      for (const name of ['since', 'before'])
        expectRefusal(await s.ann.reads('general', { [name]: text }), 400, {
          code: 'invalid_cursor',
          detail: `Invalid \`${name}\` cursor`,
        })
      expectRefusal(await s.ann.get(`/v1/events?since=${text}`), 400, {
        code: 'invalid_cursor',
        detail: 'Invalid `since` cursor',
      })
    },
  )
})

describe('cursors of the earlier server', () => {
  test('a cursor of the earlier server means the message that it names', async () => {
    await using s = await scene()
    const since = encode(`${s.nth(4).created_at.replace('Z', '+00:00')}|${s.nth(4).id}`)
    expect(await s.ann.hears('general', { since })).toEqual(bodies(5))
    expect(await s.ann.hears('general', { before: since, order: 'asc' })).toEqual(bodies(0, 4))
  })

  test('a cursor of the earlier server with an unknown message means its time', async () => {
    await using s = await scene()
    const half = s.nth(4).created_at.replace('.000000Z', '.500000')
    expect(await s.ann.hears('general', { since: encode(`${half}|${unknown}`) })).toEqual(bodies(5))
    expect(await s.ann.hears('general', { since: encode(`2020-01-01T00:00:00|${unknown}`) })).toEqual(
      bodies(0),
    )
    expect(await s.ann.hears('general', { since: encode(`2030-01-01T00:00:00|${unknown}`) })).toEqual([])
  })

  test('the server never writes cursors in the earlier form', async () => {
    await using s = await scene()
    const { text } = await s.ann.reads('general')
    for (const [, cursor = ''] of text.matchAll(/"(?:cursor|\w+_cursor|position)":"([^"]+)"/g))
      expect(atob(cursor.replaceAll('-', '+').replaceAll('_', '/'))).toMatch(/^2\|[0-9A-Z]{26}\|\d+$/)
  })
})

describe('cursors of another epoch', () => {
  const conflict = async (s: Awaited<ReturnType<typeof scene>>) => {
    const { epoch, head_cursor } = await s.server()
    return {
      code: 'cursor_epoch',
      detail: 'This cursor belongs to another history of this server',
      oldest_cursor: formatCursor(epoch, 0),
      head_cursor,
      epoch,
    }
  }

  test('a cursor of an unknown epoch, or beyond the end of the log, is refused', async () => {
    await using s = await scene()
    for (const cursor of [
      formatCursor('01JX8M6Z3Q5T7V9W1Y2B4D6F8H', 3),
      formatCursor((await s.server()).epoch, s.nth(9).seq + 1),
    ])
      for (const answer of [
        await s.ann.reads('general', { since: cursor }),
        await s.ann.reads('general', { before: cursor }),
        await s.ann.get(`/v1/events?since=${cursor}`),
      ])
        expectRefusal(answer, 409, await conflict(s))
  })

  test('a cursor of a former epoch is valid up to the start of the next epoch', async () => {
    await using s = await scene()
    const before = await s.server()
    await s.w.stop()
    // The home directory has seen more than the database holds, as after restoring an older copy.
    const { state } = homePaths(s.w.home)
    const mark = JSON.parse(readFileSync(state, 'utf8')) as { epoch: string; last_seq: number }
    writeFileSync(state, JSON.stringify({ ...mark, last_seq: mark.last_seq + 5 }))
    await s.w.restart()
    const after = await s.server()
    expect(after.epoch > before.epoch).toBeTrue()
    expect(s.w.log).toContain('a new epoch begins')
    await s.ann.posts('general', '10')
    expect(await s.ann.hears('general', { since: formatCursor(before.epoch, s.nth(4).seq) })).toEqual(
      bodies(5, 11),
    )
    expect(await s.ann.hears('general', { since: formatCursor(before.epoch, s.nth(9).seq) })).toEqual(['10'])
    const lost = await s.ann.reads('general', { since: formatCursor(before.epoch, s.nth(9).seq + 1) })
    expect(lost.status).toBe(409)
    expect(lost.body).toMatchObject({ code: 'cursor_epoch', epoch: after.epoch })
    // Messages of the former epoch keep their cursors.
    expect((await s.ann.reads('general')).body.messages[4]?.cursor).toBe(s.nth(4).cursor)
    expect((await s.ann.reads('general')).body.messages[10]?.cursor).toBe(
      formatCursor(after.epoch, s.nth(9).seq + 1),
    )
  })

  test('a restored older database begins one new epoch, and the next post is recorded in the home directory', async () => {
    await using s = await scene()
    await s.w.stop()
    const { state } = homePaths(s.w.home)
    const mark = JSON.parse(readFileSync(state, 'utf8')) as { last_seq: number }
    writeFileSync(state, JSON.stringify({ ...mark, last_seq: mark.last_seq + 5 }))
    await s.w.restart()
    const { epoch } = await s.server()
    await s.ann.posts('general', '10')
    const written = JSON.parse(readFileSync(state, 'utf8')) as { epoch: string; last_seq: number }
    expect(written).toEqual({ epoch, last_seq: s.nth(9).seq })
  })
})

test('a server whose database was lost starts with a new epoch', async () => {
  await using s = await scene()
  const before = await s.server()
  await s.w.stop()
  await s.w.database.lose()
  await s.w.restart()
  const { body } = await s.w.operator.get<{ epoch: string }>('/v1/server')
  expect(body.epoch > before.epoch).toBeTrue()
})

describe('cursors of purged messages', () => {
  const purge = async (s: Awaited<ReturnType<typeof scene>>, through: number) => {
    await s.w.sql('UPDATE channels SET floor_seq = ? WHERE slug = ?', s.nth(through).seq, 'general')
    await s.w.sql('DELETE FROM messages WHERE seq <= ?', s.nth(through).seq)
    await s.w.restart()
  }

  test('a cursor older than the oldest kept position is refused with that position', async () => {
    await using s = await scene()
    await purge(s, 3)
    const gone = {
      code: 'cursor_expired',
      detail: 'This cursor is older than what is kept; continue from oldest_cursor',
      oldest_cursor: s.nth(3).cursor,
      head_cursor: s.nth(9).cursor,
    }
    for (const answer of [
      await s.ann.reads('general', { since: s.nth(2).cursor }),
      await s.ann.reads('general', { before: s.nth(2).cursor }),
      await s.ann.get(`/v1/events?channel=general&since=${s.nth(2).cursor}`),
    ])
      expectRefusal(answer, 410, gone)
    expect(await s.ann.hears('general', { since: gone.oldest_cursor })).toEqual(bodies(4))
  })

  test('a cursor of several channels is valid down to the lowest of their floors', async () => {
    await using s = await scene()
    await purge(s, 3)
    for (const channels of ['general,lunch', '*'])
      expect((await s.ann.reads(channels, { since: s.nth(2).cursor })).status).toBe(200)
    expect((await s.ann.get(`/v1/events?since=${s.nth(2).cursor}`)).status).toBe(200)
    await s.w.sql('UPDATE channels SET floor_seq = ?', s.nth(3).seq)
    await s.w.restart()
    const refused = await s.ann.reads('*', { since: s.nth(2).cursor })
    expect([refused.status, refused.body]).toMatchObject([410, { code: 'cursor_expired' }])
  })

  test('a cursor at the oldest kept position, or in a channel without purged messages, is valid', async () => {
    await using s = await scene()
    await purge(s, 3)
    expect(await s.ann.hears('lunch', { since: s.nth(2).cursor })).toEqual([])
    expect(await s.ann.hears('general', { since: s.nth(3).cursor })).toEqual(bodies(4))
    expect(await s.ann.hears('general', { since: 'oldest' })).toEqual(bodies(4))
    expect(await s.ann.hears('general')).toEqual(bodies(4))
  })

  test('a cursor of the earlier server is raised to the oldest kept position without an error', async () => {
    await using s = await scene()
    const since = encode(`${s.nth(1).created_at}|${s.nth(1).id}`)
    await purge(s, 3)
    expect(await s.ann.hears('general', { since })).toEqual(bodies(4))
  })

  test('log.expired_cursor=clamp raises every expired cursor to the oldest kept position', async () => {
    await using s = await scene({ SYNAPSE_LOG_EXPIRED_CURSOR: 'clamp' })
    await purge(s, 3)
    expect(await s.ann.hears('general', { since: s.nth(0).cursor })).toEqual(bodies(4))
  })
})
