// On SQLite a reader may see a commit a moment before it is announced. No answer shows a position beyond that.
import { expect, test } from 'bun:test'
import { lateThreads, TRIGGER } from '../store/threads/failing-threads'
import { testStore } from '../support/database'
import { LiveSocket, until } from '../support/sockets'
import { type Page, world } from '../support/world'

test.skipIf(testStore === 'postgres')(
  'while a commit is not announced, pages end before it, and what would show its position waits for it',
  async () => {
    const thread = lateThreads()
    await using w = await world({ startWorker: thread.start })
    const room = await w.channel('room')
    // Nothing is known yet about the newest message of this one.
    await w.channel('quiet')
    const ann = await w.agent('ann', { channels: { room: 'member', quiet: 'member' } })
    const before = await ann.posts(room, 'before')
    const page = async () => {
      const { body } = await ann.get<Page>('/v1/messages?channel=*')
      return { bodies: body.messages.map((message) => message.body), head: body.position }
    }
    const { head } = await page()
    using socket = await LiveSocket.open(w.url, ann.credential)
    await socket.subscribe(['quiet'])

    const posted = asked(ann.post('/v1/messages', { channel: 'quiet', body: TRIGGER }))
    const id = await until('the reader to see the commit', async () => {
      const [row] = await w.sql<{ id: string }>(
        'SELECT hex(uuid) AS id FROM messages WHERE body = ?',
        TRIGGER,
      )
      return row && dashed(row.id)
    })
    expect(await page()).toEqual({ bodies: ['before'], head })
    const feed = await ann.get<{ events: { seq: number }[]; head_cursor: string }>('/v1/events?since=oldest')
    expect(feed.body.head_cursor).toBe(head)
    expect(feed.body.events.at(-1)?.seq).toBe(before.seq)
    const one = asked(ann.get<{ seq: number }>(`/v1/messages/${id}`))
    const list = asked(ann.get('/v1/channels'))
    // Requests that are answered at once have been answered when this one is.
    await page()
    expect([posted, one, list].map(({ isOver }) => isOver())).toEqual([false, false, false])
    expect(socket.events).toEqual([])

    thread.release()
    const [created, shown] = [await posted.answer, await one.answer]
    expect([created.status, shown.status, (await list.answer).status]).toEqual([201, 200, 200])
    expect(shown.body.seq).toBe(before.seq + 1)
    expect((await page()).bodies).toEqual(['before', TRIGGER])
    await until('the event', () => socket.events.length === 1)
  },
)

/** Whether a request has been answered, beside its answer. */
function asked<Answer>(answer: Promise<Answer>) {
  let isOver = false
  return { answer: answer.finally(() => (isOver = true)), isOver: () => isOver }
}

function dashed(hex: string): string {
  return hex.toLowerCase().replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
