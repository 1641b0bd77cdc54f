// Runs the examples that share work, in both languages at once.
import { expect, test } from 'bun:test'
import { background } from '../../src/core/kernel/background'
import { Town } from '../live/town'
import { until } from '../support/sockets'
import type { Page, Person, Room } from '../support/world'

const python = Bun.which('python3')
if (!python) console.warn('skipped: python3 is not installed')

const LANGUAGES = {
  ts: [process.execPath, '--no-env-file', 'examples/worker.ts'],
  py: ['python3', '-u', 'examples/worker.py'],
}

interface Delivery {
  readonly state: string
  readonly note: string | null
}

class Office implements AsyncDisposable {
  private readonly undo = new AsyncDisposableStack()

  private constructor(
    private readonly town: Town,
    readonly room: Room,
    readonly person: Person,
    readonly worker: Person,
  ) {
    this.undo.use(town)
  }

  static async open(): Promise<Office> {
    const town = await Town.open({ SYNAPSE_CHAIN_LIMIT: '0' })
    const room = await town.room()
    return new Office(town, room, await town.human(room), await town.agent(room))
  }

  /** Starts a copy of the worker, and waits until it is ready. */
  async start(
    argv: readonly string[],
    command: readonly string[],
    instance: string,
  ): Promise<Bun.Subprocess> {
    const child = Bun.spawn([...argv, ...command], {
      cwd: `${import.meta.dir}/../..`,
      env: {
        PATH: process.env.PATH ?? '',
        SYNAPSE_URL: this.town.url,
        SYNAPSE_TOKEN: this.worker.secret,
        SYNAPSE_INSTANCE: instance,
      },
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'inherit',
    })
    this.undo.defer(async () => {
      child.kill('SIGKILL')
      await child.exited
    })
    const isReady = Promise.withResolvers<void>()
    background(printed(child.stdout, isReady.resolve), isReady.reject)
    await isReady.promise
    return child
  }

  async asks(body: string): Promise<string> {
    const { body: message } = await this.person.post<{ id: string }>('/v1/messages', {
      channel: this.room.slug,
      body: `@${this.worker.handle} ${body}`,
    })
    return message.id
  }

  /** What became of a message for the worker. */
  async delivery(message: string): Promise<Delivery | undefined> {
    const path = `/v1/messages/${message}/deliveries`
    return (await this.person.get<{ deliveries: Delivery[] }>(path)).body.deliveries[0]
  }

  async answers(message: string): Promise<string[]> {
    const { body } = await this.person.get<Page>(`/v1/threads/${message}/messages`)
    return body.messages.flatMap(({ id, body: text }) => (id === message ? [] : text))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.undo.disposeAsync()
  }
}

/** Reads to the end; calls `onFirst` when something came. */
async function printed(stdout: ReadableStream<Uint8Array>, onFirst: () => void): Promise<void> {
  for await (const _ of stdout) onFirst()
}

test.skipIf(!python)('two copies of a worker answer each message once', async () => {
  await using office = await Office.open()
  await Promise.all([
    office.start(LANGUAGES.ts, ['wc', '-w'], 'one'),
    office.start(LANGUAGES.py, ['wc', '-w'], 'two'),
  ])
  const asked = await Promise.all(Array.from({ length: 12 }, (_, i) => office.asks(`count us ${i}`)))
  for (const message of asked) {
    await until(
      'the message is acknowledged',
      async () => (await office.delivery(message))?.state === 'acked',
    )
    expect((await office.answers(message)).map((text) => text.trim())).toEqual(['4'])
  }
})

test.each(Object.entries(LANGUAGES))('the worker in %s tells its sender of a failure', async (name, argv) => {
  if (name === 'py' && !python) return
  await using office = await Office.open()
  await office.start(argv, ['sh', '-c', 'exit 3'], 'one')
  const message = await office.asks('fail')
  await until('the failure is known', async () => (await office.delivery(message))?.state === 'failed')
  expect((await office.delivery(message))?.note).toContain('3')
  expect(await office.answers(message)).toEqual([])
})

test.each(Object.entries(LANGUAGES))(
  'the worker in %s that was killed at work does it after its restart',
  async (name, argv) => {
    if (name === 'py' && !python) return
    await using office = await Office.open()
    const first = await office.start(argv, ['sh', '-c', 'kill -9 "$PPID"'], 'one')
    const message = await office.asks('count me')
    await first.exited
    const { body } = await office.person.get<{ claims: object[] }>(`/v1/claims?resource=message:${message}`)
    expect(body.claims).toHaveLength(1)
    await office.start(argv, ['wc', '-w'], 'one')
    await until(
      'the message is acknowledged',
      async () => (await office.delivery(message))?.state === 'acked',
    )
    expect((await office.answers(message)).map((text) => text.trim())).toEqual(['3'])
  },
)
