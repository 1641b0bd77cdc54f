// @synapse/client as its users have it: from the tarball of npm pack, in an empty project, in every runtime.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import ts from 'typescript'
import { runtimesHere } from '../../scripts/runtimes'
import { temporaryDirectory } from '../home/temporary'
import { finished } from '../support/finished'
import { until } from '../support/sockets'
import { TestProxy } from './proxy'
import { Room } from './room'

setDefaultTimeout(90_000)

const CHECKOUT = resolve(import.meta.dir, '../..')
const npm = Bun.which('npm')
if (npm === null) console.warn('skipped: the package of @synapse/client, because npm is not on PATH')
const MOST_BYTES = 8000

const folder = temporaryDirectory()
const project = join(folder.path, 'project')
let room: Room
let packed: string[] = []
const started: Bun.Subprocess[] = []

function run(cmd: string[], cwd: string): string {
  const { success, stdout, stderr } = Bun.spawnSync(cmd, { cwd, stdout: 'pipe', stderr: 'pipe' })
  if (!success) throw new Error(`${cmd.join(' ')}: ${stdout}${stderr}`)
  return stdout.toString()
}

beforeAll(async () => {
  if (npm === null) return
  const copy = join(folder.path, 'client')
  cpSync(join(CHECKOUT, 'packages/client'), copy, {
    recursive: true,
    filter: (path) => !path.includes('/dist') && !path.includes('/node_modules'),
  })
  run([process.execPath, join(CHECKOUT, 'scripts/build-client.ts'), '--out', join(copy, 'dist')], CHECKOUT)
  const [{ filename, files }] = JSON.parse(run([npm, 'pack', '--json', '--ignore-scripts'], copy))
  packed = files.map(({ path }: { path: string }) => path)
  cpSync(join(import.meta.dir, 'programs'), project, { recursive: true })
  writeFileSync(join(project, 'package.json'), '{"private": true, "type": "module"}')
  run([npm, 'install', '--offline', '--no-audit', '--no-fund', join(copy, filename)], project)
  room = await Room.open()
})
afterAll(async () => {
  // One that a failed test has left waits for ever.
  for (const child of started) child.kill('SIGKILL')
  await room?.[Symbol.asyncDispose]()
  folder[Symbol.dispose]()
})

describe.skipIf(npm === null)('the tarball', () => {
  test('it has one module, its types, the licence and the page to read, and depends on nothing', () => {
    expect(packed.filter((path) => !/^dist\/[\w-]+\.d\.ts$/.test(path)).sort()).toEqual([
      'LICENSE',
      'README.md',
      'dist/index.js',
      'package.json',
    ])
    const manifest = JSON.parse(
      readFileSync(join(project, 'node_modules/@synapse/client/package.json'), 'utf8'),
    )
    expect(manifest).not.toHaveProperty('dependencies')
    expect(manifest.version).toBe(JSON.parse(readFileSync(join(CHECKOUT, 'package.json'), 'utf8')).version)
    expect(readdirSync(join(project, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual([
      '@synapse',
    ])
  })

  test(`the module imports nothing, and is at most ${MOST_BYTES} bytes when minified and compressed`, async () => {
    const entry = join(project, 'node_modules/@synapse/client/dist/index.js')
    const source = readFileSync(entry, 'utf8')
    expect(new Bun.Transpiler({ loader: 'js' }).scanImports(source)).toEqual([])
    const { outputs } = await Bun.build({ entrypoints: [entry], minify: true, target: 'browser' })
    const minified = (await outputs[0]?.text()) ?? ''
    const size = Bun.gzipSync(minified, { level: 9 }).length
    expect(minified.length).toBeGreaterThan(1000)
    expect(size).toBeLessThanOrEqual(MOST_BYTES)
  })

  test('its types are found, tell endpoints apart, and allow await using', () => {
    const file = join(project, 'typed.mts')
    writeFileSync(
      file,
      `import { connect, type Message } from '@synapse/client'
const synapse = connect({ url: 'http://localhost:8080', token: 'x' })
const me = await synapse.request('GET /v1/auth/me')
const handle: string = me.handle
const { messages } = await synapse.request('GET /v1/messages', { query: { channel: 'general' } })
const first: Message | undefined = messages[0]
const nothing: undefined = await synapse.request('DELETE /v1/messages/{id}', { path: { id: handle } })
await using stream = synapse.stream({ channels: ['*'], inbox: true })
for await (const event of stream) {
  if (event.type === 'message.created') event.message.body.trim()
  if (event.type === 'gap') event.reason satisfies 'expired' | 'epoch'
}
await using claim = await synapse.claim('job:x')
claim.signal.throwIfAborted()
await using state = await synapse.working('hard')
// @ts-expect-error there is no such endpoint
await synapse.request('GET /v1/nothing')
// @ts-expect-error the path needs an id
await synapse.request('GET /v1/messages/{id}')
// @ts-expect-error a message has no such key
first?.title
// @ts-expect-error the body needs a channel
await synapse.request('POST /v1/messages', { body: { body: 'hi' } })
export { nothing, state }
`,
    )
    const program = ts.createProgram([file], {
      module: ts.ModuleKind.NodeNext,
      target: ts.ScriptTarget.ESNext,
      strict: true,
      noEmit: true,
      skipDefaultLibCheck: true,
      types: [],
      lib: ['lib.esnext.d.ts', 'lib.dom.d.ts', 'lib.dom.asynciterable.d.ts'],
    })
    const problems = ts.getPreEmitDiagnostics(program)
    expect(problems.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))).toEqual([])
  })
})

/** Runs a program in a runtime, in the project. */
function start(cmd: readonly string[], script: string, environment: Record<string, string>) {
  const child = Bun.spawn([...cmd, join(project, script)], {
    cwd: project,
    env: { PATH: process.env.PATH ?? '', HOME: folder.path, ...environment },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  started.push(child)
  return child
}

const wordOf = (name: string) => name.toLowerCase().replace(' ', '')

describe.skipIf(npm === null)('in every runtime', () => {
  test.each(runtimesHere())(
    'every call works in $name, and renewals do not keep it alive',
    async ({ name, cmd }) => {
      const [word, { server }] = [wordOf(name), room]
      const slug = `room-${word}`
      await server.room(slug)
      const program = start(cmd, 'everything.mjs', {
        SYNAPSE_URL: room.url,
        ROOM: slug,
        CRITIC_HANDLE: `critic-${word}`,
        BUILDER: await server.agent(`builder-${word}`, slug),
        CRITIC: await server.agent(`critic-${word}`, slug),
        ADA: await server.person(`ada-${word}`, slug),
      })
      const { code, stdout, stderr } = await finished(program)
      expect({ code, stderr }).toMatchObject({ code: 0 })
      expect(JSON.parse(stdout)).toEqual({
        request: `builder-${word}`,
        error: 'channel_not_found',
        events: ['message.created', 'inbox.item'],
        cursor: true,
        resumed: true,
        inbox: [['mention', true]],
        reply: 'because',
        history: [true],
        claimed: 'claim_held',
        lost: false,
        presence: 'reading the diff',
        decision: 'yes',
      })
    },
  )

  test('a stream that is cut 50 times under load has every event once and in order', async () => {
    await room.server.room('load')
    const writer = room.server.as(await room.server.agent('writer', 'load'))
    const post = async (body: string) =>
      (await writer.post<{ seq: number }>('/v1/messages', { channel: 'load', body })).body.seq
    const readers = await Promise.all(runtimesHere().map(beginReader))
    const posted: number[] = []
    let areCut = false
    const cutting = Promise.all(readers.map(({ cut }) => cut(50))).finally(() => {
      areCut = true
    })
    while (!areCut) posted.push(await post('load'))
    await cutting
    await post('end')
    expect(posted.length).toBeGreaterThan(50)
    for (const { name, seqs } of readers) expect({ name, seqs: await seqs }).toEqual({ name, seqs: posted })
  })
})

/** Starts a reader behind a proxy of its own, and waits for its stream. */
async function beginReader({ name, cmd }: { name: string; cmd: readonly string[] }) {
  const proxy = await TestProxy.before(room.url)
  const token = await room.server.agent(`reader-${wordOf(name)}`, 'load')
  const reader = start(cmd, 'reader.mjs', { SYNAPSE_URL: proxy.url, TOKEN: token })
  const stderr = new Response(reader.stderr).text()
  let written = ''
  const ended = (async () => {
    const text = new TextDecoder()
    for await (const bytes of reader.stdout) written += text.decode(bytes)
    await proxy[Symbol.asyncDispose]()
    if ((await reader.exited) !== 0) throw new Error(`${name}: ${await stderr}`)
    return JSON.parse(written.replaceAll(/[a-z]+\n/g, '')) as number[]
  })()
  const connections = () => written.split('heard\n').length - 1
  await until(`a stream in ${name}`, () => written.startsWith('ready\n'), 30_000)
  return {
    name,
    seqs: ended,
    async cut(times: number) {
      for (let cuts = 0; cuts < times; cuts++) {
        await until(`events in ${name}`, () => connections() > cuts, 30_000)
        proxy.cut()
      }
    },
  }
}
