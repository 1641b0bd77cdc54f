// The examples of packages/client/README.md, each run as it is printed, against a real server.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Synapse } from '@synapse/client'
import { temporaryDirectory } from '../home/temporary'
import { until } from '../support/sockets'
import { Room } from './room'

setDefaultTimeout(60_000)

const CLIENT = resolve(import.meta.dir, '../../packages/client')
const text = readFileSync(join(CLIENT, 'README.md'), 'utf8')
const examples = [...text.matchAll(/^### (\d+\. .+)\n[\s\S]*?^```(js|ts)\n([\s\S]*?)^```$/gm)].map(
  ([, title = '', language = '', code = '']) => ({ title, language, code }),
)

const folder = temporaryDirectory()
let room: Room
let critic: Synapse
let ada: Synapse
beforeAll(async () => {
  const installed = join(folder.path, 'node_modules/@synapse/client')
  mkdirSync(installed, { recursive: true })
  await Bun.build({ entrypoints: [join(CLIENT, 'src/index.ts')], outdir: installed, target: 'browser' })
  writeFileSync(join(installed, 'package.json'), '{"type": "module", "exports": "./index.js"}')
  room = await Room.open()
  critic = await room.as('critic')
  ada = await room.as('ada', 'person')
  await ada.post('general', 'the kick-off is on Monday')
})
afterAll(async () => {
  await room?.[Symbol.asyncDispose]()
  folder[Symbol.dispose]()
})

interface Course {
  /** What others do while the example runs. */
  readonly meanwhile?: () => Promise<unknown>
  /** What it prints. */
  readonly prints: RegExp
  /** Whether it goes on until it is stopped. */
  readonly isEndless?: true
}

/** Waits for the message of the example. */
const said = (body: string) =>
  critic
    .awaitMessage({ channel: 'general', from: 'builder', since: 'oldest' })
    .then(async function next(message): Promise<string> {
      if (message.body.includes(body)) return message.id
      return next(await critic.awaitMessage({ channel: 'general', from: 'builder', since: message.cursor }))
    })

/** Posts until the example has begun and prints it. */
const whenItListens = async (post: () => Promise<unknown>) => {
  await until('its stream', async () => {
    const { presence } = await critic.request('GET /v1/presence', { query: { handle: 'builder' } })
    return presence[0]?.reachable.stream
  })
  await post()
}

const courses: readonly Course[] = [
  { prints: /^posted [0-9a-f-]{36}; cannot be reached now: (critic|nobody)\n$/ },
  {
    meanwhile: () => critic.post('general', '@builder hello'),
    prints: /^mention: @builder hello\n$/,
    isEndless: true,
  },
  {
    meanwhile: () => whenItListens(() => critic.post('general', 'is this heard?')),
    prints: /^critic: is this heard\?\n$/,
    isEndless: true,
  },
  {
    meanwhile: async () => critic.post('general', 'yes', { thread: await said('Is the draft good?') }),
    prints: /^critic says: yes\n$/,
  },
  {
    meanwhile: async () => {
      const pending = await until('the question', async () => {
        const { approvals } = await ada.request('GET /v1/approvals', { query: { state: 'pending' } })
        return approvals[0]
      })
      await ada.request('POST /v1/approvals/{id}/decide', {
        path: { id: pending.id },
        body: { option: 'deploy' },
      })
    },
    prints: /^ada decided: deploy\n$/,
  },
  { prints: /^mine, with fencing number \d+\n$/ },
  { prints: /^builder is working: running the tests$/m },
  { prints: /^\S+Z ada: the kick-off is on Monday\n$/m },
  { prints: /^1 channels, \d+ results\n$/ },
  { prints: /^channel_not_found: Channel not found \(request \S+\)\n$/ },
]

test('the page has exactly ten examples, and all are run', () => {
  expect(examples.map(({ title }) => title.split('.')[0])).toEqual(courses.map((_, at) => String(at + 1)))
})

describe.each(examples)('example $title', ({ title, language, code }) => {
  test('it prints what the page says', async () => {
    const course = courses[Number.parseInt(title, 10) - 1] as Course
    const file = join(
      folder.path,
      `example-${Number.parseInt(title, 10)}.${language === 'ts' ? 'ts' : 'mjs'}`,
    )
    writeFileSync(file, code.replace('http://localhost:8080', room.url))
    await using child = Bun.spawn([process.execPath, '--no-env-file', file], {
      cwd: folder.path,
      env: { PATH: process.env.PATH ?? '', SYNAPSE_TOKEN: await room.token('builder') },
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
    })
    const stderr = new Response(child.stderr).text()
    let printed = ''
    const read = (async () => {
      const decoder = new TextDecoder()
      for await (const bytes of child.stdout) printed += decoder.decode(bytes)
    })()
    await course.meanwhile?.()
    if (course.isEndless) {
      await until(
        `${course.prints} in: ${printed}`,
        () => course.prints.test(printed) || child.exitCode !== null,
      )
      child.kill()
    }
    const status = await child.exited
    await read
    expect({ printed, stderr: await stderr }).toEqual({
      printed: expect.stringMatching(course.prints),
      stderr: '',
    })
    if (!course.isEndless) expect(status).toBe(0)
  })
})
