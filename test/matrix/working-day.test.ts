// Two people with matrix-js-sdk in a browser and two agents on /v1 work in one channel for a day, over restarts.
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { browser } from '../support/browser'
import type { Caller } from '../support/caller'
import { matrixClientsMissing } from '../support/matrix-clients'
import type { ServerProcess } from '../support/server-process'
import { Site } from '../support/site'
import { until } from '../support/sockets'
import { Wire } from '../support/wire'
import { PersonPage, pageSite, type ShownMessage } from './page'

setDefaultTimeout(180_000)

const PASSWORD = 'correct horse battery staple'
const NAMED = { SYNAPSE_MATRIX_SERVER_NAME: 'example.org' }
const ADA = '@ada:example.org'
const BEN = '@ben:example.org'
const CODER = '@coder:example.org'

interface Message {
  readonly id: string
  readonly sender_handle: string
  readonly body: string
  readonly seq: number
  readonly deleted: boolean
  readonly thread_id: string | null
  readonly reactions?: readonly { readonly emoji: string; readonly handles: readonly string[] }[]
  readonly attachments: readonly { readonly url: string; readonly filename: string }[]
}

/** The channel as an agent on /v1 uses it. */
class Agent {
  constructor(private readonly caller: () => Caller) {}

  async post(body: string, fields: object = {}): Promise<Message> {
    const answer = await this.caller().post<Message>('/v1/messages', { channel: 'general', body, ...fields })
    expect(answer.status, answer.text).toBe(201)
    return answer.body
  }

  async acts(method: string, path: string, body?: object): Promise<void> {
    const { status, text } = await this.caller().request(method, `/v1/messages/${path}`, body)
    expect(status, text).toBeLessThan(300)
  }

  async messages(): Promise<Message[]> {
    const path = '/v1/messages?channel=general&limit=200&include_deleted=true'
    const { messages } = (await this.caller().get<{ messages: Message[] }>(path)).body
    return messages.toSorted((one, other) => one.seq - other.seq)
  }

  /** The message with these words, once it is there. */
  message(body: string): Promise<Message> {
    return until(`'${body}' on /v1`, async () => (await this.messages()).find((one) => one.body === body))
  }

  async upload(name: string, text: string): Promise<string> {
    const { body } = await this.caller().fetch<{ id: string }>('/v1/attachments', {
      method: 'POST',
      body: text,
      headers: { 'content-type': 'text/plain', 'content-disposition': `attachment; filename="${name}"` },
    })
    return body.id
  }

  async file({ attachments }: Message): Promise<string> {
    return (await this.caller().fetch(attachments[0]?.url ?? '')).text
  }

  /** Reads new messages over all restarts, up to one with these words. Returns what came, in its order. */
  async follow(last: string): Promise<Message[]> {
    const came: Message[] = []
    let since = (await this.caller().get<Page>('/v1/events')).body.cursor
    await until(
      `'${last}' among the events of /v1`,
      async () => {
        try {
          const path = `/v1/events?channel=general&type=message.created&since=${since}&wait=1`
          const { body } = await this.caller().get<Page>(path)
          came.push(...body.events.map(({ message }) => message))
          since = body.cursor
        } catch {
          // The server does not run at the moment.
        }
        return came.some(({ body }) => body === last)
      },
      60_000,
    )
    return came
  }
}

interface Channels {
  readonly channels: readonly { readonly unread?: number }[]
}

interface Page {
  readonly events: readonly { readonly message: Message }[]
  readonly cursor: string
}

describe.skipIf(matrixClientsMissing || browser === undefined)(
  'people with matrix-js-sdk in a browser',
  () => {
    test('and agents on /v1 spend a working day in one channel', async () => {
      await using site = new Site()
      let server: ServerProcess = await site.serveWith(NAMED)
      await using wire = await Wire.open(() => Number(new URL(server.url).port))
      /** The pages of people who are in. matrix-js-sdk forgets what came with a sync if a root of a thread cannot be fetched then. */
      const people: PersonPage[] = []
      const again = async (how: 'stop' | 'kill') => {
        for (const person of people) await until('a calm page', () => person.does<boolean>('isCalm'))
        await server[how]()
        server = await site.serveWith(NAMED)
      }
      await server.room('general')
      const adasToken = await server.person('ada', 'general')
      await server.person('ben', 'general')
      const agents = {
        coder: await server.agent('coder', 'general'),
        reviewer: await server.agent('reviewer', 'general'),
      }
      const coder = new Agent(() => server.as(agents.coder))
      const reviewer = new Agent(() => server.as(agents.reviewer))
      const following = reviewer.follow('Good night')

      // The morning: they come in. What the server refuses can be read across origins.
      await using pages = await pageSite()
      await using ada = await PersonPage.open(pages.url)
      await using ben = await PersonPage.open(pages.url)
      const home = `http://127.0.0.1:${wire.port}`
      expect(await ada.does('refusedAs', home, 'ada', 'a wrong password')).toBe('M_FORBIDDEN')
      expect(await ada.does('enter', home, 'ada', PASSWORD, '#general:example.org')).toBe(ADA)
      expect(await ben.does('enter', home, 'ben', PASSWORD, '#general:example.org')).toBe(BEN)
      people.push(ada, ben)

      const greeting = await ada.does('say', 'Good morning. @coder, please fix the parser.')
      const asked = await coder.message('Good morning. @coder, please fix the parser.')
      await coder.acts('POST', `${asked.id}/reactions`, { emoji: '👀' })
      const started = await coder.post('I begin with the **tests**.', { body_format: 'markdown' })
      await sees(ben, (shown) =>
        shown.some(({ id, reactions }) => id === greeting && reactions[0] === `👀 ${CODER}`),
      )
      const begun = await sees(ben, (shown) => shown.find(({ sender }) => sender === CODER)?.id)
      await ben.does('react', begun, '👍')
      await coder.acts('PATCH', started.id, { body: 'I begin with the tests of the parser.' })
      const question = await ben.does('reply', greeting, 'Which parser?')
      await ada.does('reply', greeting, 'The one for durations')
      await ada.does('edit', question, 'Which of the parsers?')
      await ben.does('edit', question, 'Which of the parsers?')
      const asking = await reviewer.message('Which of the parsers?')
      expect(asking.thread_id).toBe(asked.id)
      await reviewer.post('I know it.', { thread_id: asked.id })

      // Noon: the server is updated.
      await again('stop')
      const plan = await ben.does('sendFile', 'plan.txt', 'first the tests')
      expect(await coder.file(await coder.message('plan.txt'))).toBe('first the tests')
      const patch = await coder.post('Here is the patch.', {
        attachments: [await coder.upload('fix.patch', '+ one line')],
      })
      const patchEvent = await sees(
        ada,
        (shown) => shown.find(({ body }) => body === 'Here is the patch.')?.id,
      )
      expect(await ada.does('file', patchEvent)).toBe('+ one line')
      expect(await ada.does('file', plan)).toBe('first the tests')
      const wrong = await ada.does('say', 'my password is hunter2')
      await ada.does('redact', wrong)
      const review = await reviewer.post('Looks good to me', { reply_to: patch.id })
      const doubt = await reviewer.post('No, wait.')
      await reviewer.acts('DELETE', doubt.id)
      await until(
        'the redaction',
        async () => (await coder.messages()).filter(({ deleted }) => deleted).length === 2,
      )

      // The afternoon: the power fails while they write.
      const writing = Promise.all([
        ...[1, 2, 3].map((n) => coder.post(`Step ${n}`)),
        ben.does('say', 'I deploy it now'),
      ])
      await writing
      await again('kill')
      const merged = await ada.does('say', 'Merged. Thank you!')
      await coder.post('Thank you.')
      await reviewer.acts('POST', `${review.id}/reactions`, { emoji: '🎉' })
      const last = await ben.does('say', 'Good night')
      await until('unread messages', () => ada.does<number>('unread').then((count) => count > 0))
      await ada.does('read', last)
      await until('no unread message', () => ada.does<number>('unread').then((count) => count === 0))
      await until('what ada has read on /v1', async () => {
        const { channels } = (await server.as(adasToken).get<Channels>('/v1/channels')).body
        return channels[0]?.unread === 0
      })
      await until('the receipt', () => ben.does<boolean>('hasRead', ADA, last))
      await ben.does('react', merged, '🎉')

      // The evening: both sides have all of it, once, in one order.
      await ada.does('react', last, '🌙')
      const isComplete = (messages: readonly Message[]) =>
        messages.find(({ body }) => body === 'Good night')?.reactions?.length === 1
      const onV1 = await until('the last reaction', async () => {
        const messages = await coder.messages()
        return isComplete(messages) && messages
      })
      const followed = (await following).map(({ id }) => id)
      // What was deleted before it was read does not come any more.
      const deleted = onV1.filter((one) => one.deleted && !followed.includes(one.id))
      expect(followed).toEqual(onV1.filter((one) => !deleted.includes(one)).map(({ id }) => id))
      const expected = onV1.map(({ sender_handle: sender, body, deleted, reactions = [] }) => ({
        sender: `@${sender}:example.org`,
        body: deleted ? null : body,
        isRedacted: deleted,
        reactions: reactions
          .flatMap(({ emoji, handles }) => handles.map((handle) => `${emoji} @${handle}:example.org`))
          .sort(),
      }))
      for (const page of [ada, ben]) {
        const shown = await settled(
          page,
          (found) => found.length >= expected.length && found.at(-1)?.reactions.length === 1,
        )
        expect(
          shown.map(({ sender, body, isRedacted, reactions }) => ({ sender, body, isRedacted, reactions })),
        ).toEqual(expected)
        expect(new Set(shown.map(({ id }) => id)).size).toBe(shown.length)
        const threaded = shown.filter(({ root }) => root === greeting).map(({ body }) => body)
        expect(threaded).toContain('Which of the parsers?')
        expect(threaded).toContain('I know it.')
      }
    })
  },
)

/** Waits until a page shows something, and returns it. */
function sees<Found>(
  page: PersonPage,
  find: (shown: Awaited<ReturnType<PersonPage['shown']>>) => Found | undefined | false,
): Promise<Found> {
  return until('what a page shows', async () => find(await page.shown()))
}

/** What a page shows once it is as it should be, or after a while in any case: the comparison that follows says what lacks. */
async function settled(
  page: PersonPage,
  isAsItShouldBe: (shown: readonly ShownMessage[]) => boolean,
): Promise<ShownMessage[]> {
  await sees(page, isAsItShouldBe).catch(() => undefined)
  return page.shown()
}
