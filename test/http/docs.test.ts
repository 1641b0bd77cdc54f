import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { frameKinds } from '../../src/core/log/frames'
import { projectOf, pushed, sealedBytes } from '../configsync/blob-scene'
import { keypair, syncToken, syncUser } from '../configsync/sync-user'
import { SERVER_NAME, signIn, V3 } from '../matrix/homeserver'
import { type EventPage, until } from '../support/sockets'
import { type Caller, PASSWORD, READ_AND_POST, type World, world } from '../support/world'

/** A text of the page, and the id of the element that contains it. */
interface Piece {
  readonly id: string
  readonly text: string
}

interface Page {
  readonly html: string
  readonly headers: Headers
  readonly ids: readonly string[]
  readonly links: readonly string[]
  /** Every attribute as `name="value"`. */
  readonly attributes: readonly (readonly [name: string, value: string])[]
  /** The example commands of the endpoints, in the order of the page; `id` is that of the endpoint. */
  readonly examples: readonly Piece[]
  readonly refusals: readonly Piece[]
  readonly frames: readonly Piece[]
  readonly cells: readonly Piece[]
}

type Paths = Record<string, Record<string, { readonly responses: Record<string, unknown> }>>

let w: World
let page: Page
let paths: Paths

beforeAll(async () => {
  w = await world({
    settings: {
      SYNAPSE_METRICS_ENABLED: 'on',
      SYNAPSE_WEBHOOKS_ALLOW_TARGETS: '127.0.0.1/32',
      SYNAPSE_MATRIX_SERVER_NAME: SERVER_NAME,
    },
  })
  page = await read(w)
  paths = (await w.guest.get<{ paths: Paths }>('/openapi.json')).body.paths
})
afterAll(() => w[Symbol.asyncDispose]())

async function read({ guest }: World): Promise<Page> {
  const { status, headers, text: html } = await guest.get('/docs')
  expect(status).toBe(200)
  const ids: string[] = []
  const links: string[] = []
  const attributes: [string, string][] = []
  const rewriter = new HTMLRewriter().on('*', {
    element: (element) => {
      for (const [name = '', value = ''] of element.attributes) attributes.push([name, plain(value)])
      ids.push(...attribute(element, 'id'))
      links.push(...attribute(element, 'href'))
    },
  })
  const examples = collect(rewriter, 'article.endpoint', '.sh code')
  const refusals = collect(rewriter, 'article.endpoint', '.refusals code')
  const frames = collect(rewriter, '.frame', 'pre code')
  const cells = collect(rewriter, 'tr[id]', 'th, td')
  await rewriter.transform(new Response(html)).text()
  const pieces = { examples: examples(), refusals: refusals(), frames: frames(), cells: cells() }
  return { html, headers, ids, links, attributes, ...pieces }
}

/** The texts of these elements, each with the id of the element that contains it. */
function collect(rewriter: HTMLRewriter, outer: string, inner: string): () => Piece[] {
  const pieces: { id: string; text: string }[] = []
  let id = ''
  rewriter.on(outer, {
    element: (element) => {
      id = element.getAttribute('id') ?? ''
    },
  })
  for (const selector of inner.split(', '))
    rewriter.on(`${outer} ${selector}`, {
      element: () => {
        pieces.push({ id, text: '' })
      },
      text: ({ text }) => {
        const piece = pieces.at(-1)
        if (piece) piece.text += text
      },
    })
  return () => pieces.map((piece) => ({ ...piece, text: plain(piece.text) }))
}

function attribute(element: HTMLRewriterTypes.Element, name: string): string[] {
  const value = element.getAttribute(name)
  return value === null ? [] : [plain(value)]
}

/** The rows of a table of the page, by the prefix of their ids. */
function rows(start: string): string[][] {
  const cells = page.cells.filter(({ id }) => id.startsWith(start))
  return [...Map.groupBy(cells, ({ id }) => id).values()].map((row) => row.map(({ text }) => text))
}

function plain(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
}

/** The id of an endpoint on the page. */
function anchor(method: string, path: string): string {
  return `${method}-${path.replace(/[^A-Za-z0-9]+/g, '-').replace(/^-|-$/g, '') || 'root'}`
}

function sha256(text: string): string {
  return `'sha256-${new Bun.CryptoHasher('sha256').update(text).digest('base64')}'`
}

describe('the documentation page', () => {
  test('the page allows its own style and script by their hashes, and nothing else', () => {
    const policy = Object.fromEntries(
      (page.headers.get('content-security-policy') ?? '')
        .split('; ')
        .map((directive) => [directive.split(' ', 1)[0], directive.split(' ').slice(1).join(' ')]),
    )
    const styles = [...page.html.matchAll(/<style[^>]*>([\s\S]*?)<\/style>/g)].map(([, text = '']) => text)
    const scripts = [...page.html.matchAll(/<script[^>]*>([\s\S]*?)<\/script>/g)].map(([, text = '']) => text)
    expect(policy).toEqual({
      'default-src': "'none'",
      'style-src': styles.map(sha256).join(' '),
      'script-src': scripts.map(sha256).join(' '),
      'img-src': 'data:',
      'base-uri': "'none'",
      'form-action': "'none'",
      'frame-ancestors': "'none'",
    })
    expect([styles.length, scripts.length]).toEqual([1, 1])
    expect(page.attributes.filter(([name]) => name === 'style' || name.startsWith('on'))).toEqual([])
    expect(page.headers.get('x-content-type-options')).toBe('nosniff')
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
  })

  test('the page loads nothing from elsewhere', () => {
    const own = /^(#[\w.-]+|\/openapi\.json|\/healthz|\/readyz|data:image\/svg\+xml,.*)$/
    expect(page.links.filter((link) => !own.test(link))).toEqual([])
    expect(page.attributes.filter(([name]) => name === 'src' || name === 'srcset')).toEqual([])
    expect(page.html).not.toMatch(/@import|url\(/)
    const elsewhere = [...page.html.matchAll(/https?:\/\/[^\s"'<)]+/g)].map(([url]) => url)
    const harmless =
      /^(http:\/\/(127\.0\.0\.1:8080|localhost\/v1\/admin\/accounts)|https:\/\/(hooks|chat)\.example\.org)/
    expect(elsewhere.filter((url) => !harmless.test(url))).toEqual([])
  })

  test('the page has every endpoint, with unique ids', () => {
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => anchor(method, path)),
    )
    expect(described.length).toBeGreaterThan(30)
    for (const id of [...described, 'get-openapi-json', 'get-docs']) expect(page.ids).toContain(id)
    expect(page.ids.filter((id, i) => page.ids.indexOf(id) !== i)).toEqual([])
  })

  test('every link within the page has a target', () => {
    const inner = page.links.filter((link) => link.startsWith('#')).map((link) => link.slice(1))
    expect(inner.filter((id) => !page.ids.includes(id))).toEqual([])
  })

  test('the page escapes the text of the declarations', () => {
    expect(page.html).toContain('bearer.&lt;token&gt;')
    expect(page.html).not.toContain('bearer.<token>')
  })
})

test.skipIf(Bun.which('curl') === null)(
  'every example command of the page, run in order, gets the documented answer',
  async () => {
    const { id: channelId } = await w.channel('general')
    const robin = await w.agent('robin', { channels: { general: 'member' } })
    const ops = await w.agent('ops', {
      channels: { general: 'admin' },
      scopes: ['admin:*', ...READ_AND_POST],
    })
    await w.operator.post('/v1/admin/accounts', {
      kind: 'human',
      handle: 'admin',
      password: 'correct horse battery',
    })
    const { id: messageId } = await ops.posts('general', 'hello')
    const upload = await ops.fetch<{ id: string }>('/v1/attachments', { method: 'POST', body: 'bytes' })
    const admin = w.caller({ cookie: `synapse_session=${await w.session('admin')}` })
    const myToken = await admin.post<{ id: string }>('/v1/me/tokens', {
      name: 'phone',
      scopes: ['channel:*:read'],
    })
    const myDevice = await admin.post<{ id: string }>('/v1/me/devices', { device: 'tablet' })
    const sessions = await admin.get<{ sessions: { id: string }[] }>('/v1/auth/sessions')
    const device = await w.operator.post<{ id: string; typed_code: string }>('/v1/admin/devices', {
      device: 'phone',
      account_handle: 'admin',
    })
    const spare = await w.agent('spare')
    const told = await ops.posts('general', 'hello @robin')
    await ops.get('/v1/inbox?consumer=worker')
    const [claim, spareClaim] = await Promise.all(
      ['task:one', 'task:two'].map((resource) =>
        ops.post<{ id: string; epoch: number }>('/v1/claims', { resource }),
      ),
    )
    const hooks = ['one', 'two'].map((name) => ({ name, url: 'http://127.0.0.1:9/', on: 'inbox' }))
    const [hook, spareHook] = await Promise.all(
      hooks.map((body) => ops.post<{ id: string }>('/v1/me/webhooks', body)),
    )
    const [ended, otherEnded] = await Promise.all(
      hooks.map(() => ops.post<{ delivery_id: string }>(`/v1/me/webhooks/${hook?.body.id}/test`)),
    )
    await w.sql("UPDATE webhook_deliveries SET state = 'dead'")
    const calm = await w.human('calm', { channels: { general: 'member' } })
    await w.agent('quiet', { channels: { general: 'member' } })
    const paused = await calm.post<{ id: string }>('/v1/pauses', { channel: 'general', account: 'quiet' })
    const judge = await w.human('judge', { channels: { general: 'member' } })
    const acting = await judge.post<{ token: string }>('/v1/me/tokens', {
      name: 'decisions',
      scopes: [...READ_AND_POST, 'human:act'],
    })
    const question = { channel: 'general', question: 'Deploy?', options: ['Deploy', 'Not now'] }
    const [approval, spareApproval] = await Promise.all(
      [1, 2].map(() => robin.post<{ approval: { id: string } }>('/v1/approvals', question)),
    )
    await w.operator.post('/v1/admin/configsync/users/admin/enable')
    const own = await syncToken(w, 'admin')
    await readyToSync(own.caller)
    const syncing = await syncUser(w, 'syncing')
    const leaving = await syncUser(w, 'leaving')
    const moved = await syncUser(w, 'moved')
    await readyToSync(moved.caller)
    const moving = '/v1/admin/configsync/users/moved'
    const exported = await (await w.operator.open(`${moving}/export`)).bytes()
    await w.operator.post(`${moving}/purge`, { confirm: 'moved' })
    const snapshotId = await pushed(syncing, sealedBytes(40))
    const entityId = await projectOf(syncing, 'notes')
    // A stream never ends by itself: curl is stopped, and reports the status.
    const directory = mkdtempSync(join(realpathSync(tmpdir()), 'synapse-curl-'))
    writeFileSync(join(directory, 'EXPORT'), exported)
    const patience = (seconds: number) =>
      writeFileSync(
        join(directory, '.curlrc'),
        `max-time = ${seconds}\nwrite-out = "\\n%{http_code}"\nnoproxy = "*"\n`,
      )
    const sent = await ops.post<{ task: { id: string } }>('/a2a/v1/message:send', {
      message: {
        messageId: 'example',
        role: 'ROLE_USER',
        parts: [{ text: '@robin look' }],
        metadata: { 'synapse.channel': 'general' },
      },
      configuration: { returnImmediately: true },
    })
    const guest = await signIn(w, await w.human('guest'), { device_id: 'PHONE' })
    const room = await guest.post<{ room_id: string }>(`${V3}/createRoom`, {})
    const file = await guest.post<{ content_uri: string }>('/_matrix/media/v3/upload', {})
    const env = {
      PATH: process.env.PATH,
      CURL_HOME: directory,
      TOKEN: ops.secret,
      SYNAPSE_HOME: w.home,
      MESSAGE_ID: messageId,
      TASK_ID: sent.body.task.id,
      THREAD_ID: messageId,
      ATTACHMENT_ID: upload.body.id,
      ACCOUNT_ID: robin.id,
      CHANNEL_ID: channelId,
      TOKEN_ID: robin.tokenId,
      MY_TOKEN_ID: myToken.body.id,
      MY_DEVICE_ID: myDevice.body.id,
      DEVICE_ID: device.body.id,
      MACHINE_ID: 'laptop',
      SNAPSHOT_ID: String(snapshotId),
      ENTITY_ID: String(entityId),
      CLAIM_ID: claim?.body.id,
      PAUSE_ID: paused.body.id,
      APPROVAL_ID: approval?.body.approval.id,
      MY_WEBHOOK_ID: hook?.body.id,
      MY_DELIVERY_ID: ended?.body.delivery_id,
      DELIVERY_ID: otherEnded?.body.delivery_id,
      CONSUMER: 'worker',
      USER_ID: encodeURIComponent(guest.userId),
      MATRIX_DEVICE_ID: 'PHONE',
      ROOM_ID: encodeURIComponent(room.body.room_id),
      ALIAS: encodeURIComponent(`#hall:${SERVER_NAME}`),
      REGISTRATION_TOKEN: 'spring',
      MEDIA_SERVER: SERVER_NAME,
      MEDIA_ID: file.body.content_uri.split('/').at(-1),
      SESSION_ID: sessions.body.sessions[0]?.id,
    }
    const statuses = statusesByAnchor()
    const wrong: string[] = []
    try {
      for (const { id, text } of page.examples) {
        // What is deleted for good would be missing in the examples after it.
        const source = text.includes('/import"') ? text.replace('@FILE', '@EXPORT') : text
        const line = (text.includes('/erase') ? text.replace('$ACCOUNT_ID', spare.id) : source)
          .replace('users/admin/import', 'users/moved/import')
          .replace('users/admin/purge', `users/${leaving.handle}/purge`)
          .replace('"confirm":"admin"', `"confirm":"${leaving.handle}"`)
          .replace('admin/tokens/$TOKEN_ID', `admin/tokens/${own.tokenId}`)
          .replace('"confirm":"cairn"', `"confirm":"${spare.handle}"`)
          .replaceAll('http://127.0.0.1:8080', w.url)
          .replace(/(-X (?:PUT|DELETE).*\/users\/)\$USER_ID"/s, '$1newcomer"')
          .replace('https://hooks.example.org', 'http://127.0.0.1:9')
          // The session of the examples has ended by then.
          .replace(
            /-b cookies.txt(?=.*\/(?:pauses|continue))/s,
            `-H 'Cookie: synapse_session=${calm.secret}'`,
          )
          .replace('"account":"cairn","channel"', '"account":"quiet","channel"')
          .replace('7K3M-9QZC42AB', device.body.typed_code)
          .replace('messages/$MESSAGE_ID/deliveries', `messages/${told.id}/deliveries`)
          .replace('"epoch":1042', `"epoch":${claim?.body.epoch}`)
          .replace(/(-X DELETE.*)\$MY_WEBHOOK_ID/s, `$1${spareHook?.body.id}`)
          .replace(/(-X DELETE.*)\$CLAIM_ID/s, `$1${spareClaim?.body.id}`)
          .replace(/\$TOKEN(.*\/decide)/s, `${acting.body.token}$1`)
          .replace('$APPROVAL_ID/cancel', `${spareApproval?.body.approval.id}/cancel`)
          .replace('"boot_id":"…"', `"boot_id":"${w.running.bootId}"`)
        patience(text.includes(' -N') ? 1 : 20)
        const run = Bun.spawn({
          cmd: ['sh', '-c', line],
          cwd: directory,
          env,
          stdout: 'pipe',
          stderr: 'ignore',
        })
        const output = await new Response(run.stdout).text()
        const status = output.split('\n').at(-1) ?? ''
        if (!statuses.get(id)?.includes(status)) wrong.push(`${text}\n→ ${output}`)
      }
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
    expect(wrong).toEqual([])
    expect(page.examples.length).toBeGreaterThan(30)
  },
  30_000,
)

/** The statuses that each endpoint documents, by its id on the page. */
function statusesByAnchor(): Map<string, string[]> {
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { responses }]) => {
      const codes = Object.keys(responses).filter((code) => Number(code) < 400)
      return [anchor(method, path), codes] as const
    }),
  )
  return new Map([...described, ['get-openapi-json', ['200']], ['get-docs', ['200']], ['get-root', ['302']]])
}

test('every example frame of the page gets the documented answer', async () => {
  await using here = await world()
  await here.channel('general')
  const cairn = await here.agent('cairn', { channels: { general: 'member' } })
  const socket = new WebSocket(`${here.url.replace('http', 'ws')}/v1/ws`, [
    'synapse.v1',
    `bearer.${cairn.secret}`,
  ])
  const received: Record<string, unknown>[] = []
  const waiting: (() => void)[] = []
  socket.onmessage = ({ data }) => {
    received.push(JSON.parse(String(data)))
    for (const resume of waiting.splice(0)) resume()
  }
  const answerTo = async (id: unknown, type: string) => {
    for (;;) {
      const found = received.find((frame) => frame.type === type && (id === undefined || frame.id === id))
      if (found) return found
      await new Promise<void>((resolve) => waiting.push(resolve))
    }
  }
  await answerTo(undefined, 'hello')
  const answers = {
    subscribe: 'subscribed',
    unsubscribe: 'unsubscribed',
    resume: 'position',
    ack: 'acked',
    presence: 'presence',
    ping: 'pong',
  }
  const shown = page.frames.filter(({ id }) => id.startsWith('frame-client-'))
  expect(shown.map(({ id }) => id.replace('frame-client-', '')).sort()).toEqual(Object.keys(answers).sort())
  for (const { text } of shown) {
    const frame: { id: number; type: keyof typeof answers } = JSON.parse(text)
    socket.send(text)
    // The end of a replay is a position of the socket and has no id.
    await answerTo(frame.type === 'resume' ? undefined : frame.id, answers[frame.type])
  }
  expect(received.filter((frame) => frame.type === 'error')).toEqual([])
  socket.close()
})

test('the page lists every event type with its payload keys', async () => {
  await using here = await world({ settings: { SYNAPSE_WEBHOOKS_ALLOW_TARGETS: '127.0.0.1/32' } })
  const ops = await here.agent('ops', { scopes: ['admin:*', ...READ_AND_POST] })
  const room = (
    await ops.post<{ id: string; slug: string }>('/v1/admin/channels', { slug: 'den', name: 'Den' })
  ).body
  const alice = await here.human('alice', { channels: { den: 'member' } })
  const cairn = await here.agent('cairn', { channels: { den: 'member' } })
  const login = await here.guest.post('/v1/auth/login', { handle: 'alice', password: PASSWORD })
  const cookie = login.headers.get('set-cookie')?.split(';')[0] ?? ''
  const acts = [
    () => here.caller({ cookie }).post('/v1/auth/logout', undefined, { 'sec-fetch-site': 'same-origin' }),
    async () => {
      const message = await cairn.posts('den', 'hello')
      const path = `/v1/messages/${message.id}`
      await cairn.put(`${path}/reactions/ok`)
      await cairn.delete(`${path}/reactions/ok`)
      await cairn.patch(path, { body: 'hello again' })
      return cairn.delete(path)
    },
    async () => {
      await cairn.posts('den', 'hello @ops')
      const { body } = await ops.get<{ items: { message: { id: string } }[] }>('/v1/inbox')
      await ops.post('/v1/inbox/ack', { message_ids: body.items.map(({ message }) => message.id) })
      return ops.post('/v1/inbox/ack', { cursor: 'now' })
    },
    async () => {
      await cairn.posts('den', 'answer me, @ops', { ack_within_s: 10 })
      return until('the deadline to be told', async () => {
        here.clock.advance(1000)
        await cairn.posts('den', 'a commit')
        const answer = await ops.get<{ events: object[] }>('/v1/events?since=oldest&type=ack.overdue')
        return answer.body.events.length > 0 && answer
      })
    },
    async () => {
      const { body } = await ops.post<{ id: string }>('/v1/claims', { resource: 'task:one' })
      return ops.post(`/v1/claims/${body.id}/release`, {})
    },
    async () => {
      await ops.post('/v1/claims', { resource: 'task:one', ttl_s: 10 })
      here.clock.advance(11_000)
      return ops.post('/v1/claims', { resource: 'task:one' })
    },
    async () => {
      const { body } = await here.operator.post<{ id: string }>('/v1/pauses', { channel: 'den' })
      return here.operator.delete(`/v1/pauses/${body.id}`)
    },
    async () => {
      const question = { channel: 'den', question: 'Deploy?', options: ['Deploy', 'Not now'] }
      const ask = (more: object = {}) =>
        cairn.post<{ approval: { id: string } }>('/v1/approvals', { ...question, ...more })
      const [one, other] = [await ask(), await ask()]
      await alice.post(`/v1/approvals/${one.body.approval.id}/decide`, { option: 'Deploy' })
      await ask({ ttl_s: 60 })
      here.clock.advance(61_000)
      const answer = await cairn.post(`/v1/approvals/${other.body.approval.id}/cancel`)
      await until('the expiry', async () => {
        const path = '/v1/events?since=oldest&type=approval.expired'
        return (await ops.get<EventPage>(path)).body.events.length > 0
      })
      return answer
    },
    () => ops.put('/v1/me/push', { enabled: true, webhook_url: 'http://127.0.0.1:9/' }),
    () => ops.patch('/v1/me/webhooks/push', { rotate_secret: true }),
    async () => {
      const root = await alice.posts('den', 'plan?')
      await cairn.posts('den', 'one', { thread_id: root.id })
      await ops.patch(`/v1/admin/accounts/${cairn.id}`, { chain_limit: 1 })
      await cairn.post('/v1/messages', { channel: 'den', body: 'two', thread_id: root.id })
      return alice.post(`/v1/threads/${root.id}/continue`, {})
    },
    () => ops.patch(`/v1/admin/memberships/${alice.id}/${room.id}`, { role: 'read_only' }),
    () => ops.delete(`/v1/admin/memberships/${alice.id}/${room.id}`),
    () => ops.patch(`/v1/admin/accounts/${cairn.id}`, { about: 'Builds things' }),
    () => ops.post(`/v1/admin/tokens/${cairn.tokenId}/revoke`),
    () => ops.post(`/v1/admin/accounts/${cairn.id}/archive`),
    () => ops.post(`/v1/admin/accounts/${cairn.id}/unarchive`),
    () => ops.post(`/v1/admin/accounts/${cairn.id}/erase`, { confirm: 'cairn', mode: 'anonymize' }),
    () => ops.post(`/v1/admin/channels/${room.id}/archive`),
    () => ops.put('/v1/config/wait.max_s', { value: 30 }),
  ]
  for (const act of acts) {
    const { status, text } = await act()
    expect(status, text).toBeLessThan(300)
  }
  await ops.post(`/v1/admin/channels/${room.id}/unarchive`)
  // In a channel of its own: what is older than the purged part of all channels is not shown.
  const attic = { slug: 'attic', name: 'Attic' }
  const { id } = (await ops.post<{ id: string }>('/v1/admin/channels', attic)).body
  await ops.post('/v1/messages', { channel: 'attic', body: 'old' })
  await ops.post(`/v1/admin/channels/${id}/purge`, { keep: 0 })
  const { events } = (
    await ops.get<{ events: Record<string, unknown>[] }>('/v1/events?since=oldest&limit=500')
  ).body

  const documented = new Map(rows('event-').map(([type = '', keys = '']) => [type, keys.split(' ').sort()]))
  const common = ['type', 'channel', 'seq', 'cursor', 'at', 'actor']
  for (const event of events)
    expect({
      type: event.type,
      keys: Object.keys(event)
        .filter((key) => !common.includes(key))
        .sort(),
    }).toEqual({ type: event.type, keys: documented.get(String(event.type)) ?? [] })
  const seen = new Set(events.map(({ type }) => type))
  // Nothing here changes a channel, and frames are not in the log.
  const unseen = [...documented.keys()].filter((type) => !seen.has(type))
  expect(unseen).toEqual(['channel.updated', 'account.webhook_disabled', ...Object.keys(frameKinds)])
})

test('the page lists every error code of the source with its status', () => {
  const source = [
    ...new Bun.Glob('src/{core,store,hub,http}/**/*.ts').scanSync(join(import.meta.dir, '../..')),
  ]
    // The errors of ConfigSync have no codes.
    .filter((path) => !/^src\/http\/docs\/|\/configsync\/(?!users\.ts)/.test(path))
    .map((path) => readFileSync(join(import.meta.dir, '../..', path), 'utf8'))
    .join('\n')
  const thrown = [
    ...[...source.matchAll(/refusal\(\s*'(\w+)'/g)].map(([, code]) => code),
    ...[...source.matchAll(/new AppError\(\s*'\w+',\s*'(\w+)'/g)].map(([, code]) => code),
    // Codes of Matrix are never seen on /v1.
  ].filter((code) => !code?.startsWith('m_'))
  const withStatus = [...source.matchAll(/new HttpError\(\s*(\d+),\s*'(\w+)'/g)].map(
    ([, status, code]) => `${code} ${status}`,
  )
  expect(thrown.length).toBeGreaterThan(50)
  expect(withStatus.length).toBeGreaterThan(10)

  const codes = new Map(rows('error-').map(([status = '', code = '']) => [code, status]))
  const inFrames = new Set(['too_many_subscriptions'])
  expect(thrown.filter((code) => code && !codes.has(code) && !inFrames.has(code))).toEqual([])
  expect(page.refusals.filter(({ text }) => !codes.has(text))).toEqual([])
  const shown = [...codes].map(([code, status]) => `${code} ${status}`)
  expect(withStatus.filter((pair) => !shown.includes(pair))).toEqual([])
})

describe('the OpenAPI document', () => {
  type Schema = Record<string, unknown>
  interface Document {
    readonly openapi: string
    readonly paths: Record<string, Record<string, Operation>>
  }
  interface Operation {
    readonly operationId: string
    readonly parameters: readonly { name: string; in: string; required: boolean; schema: Schema }[]
    readonly security: readonly Record<string, readonly string[]>[]
    readonly responses: Record<string, { readonly description: string }>
  }
  let document: Document

  beforeAll(async () => {
    document = (await w.guest.get<Document>('/openapi.json')).body
  })

  const operations = () =>
    Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
    )

  /** Every object in the document, with its path. */
  function* nodes(value: unknown, where = '#'): Generator<readonly [where: string, node: Schema]> {
    if (typeof value !== 'object' || value === null) return
    if (!Array.isArray(value)) yield [where, value as Schema]
    for (const [key, inner] of Object.entries(value)) yield* nodes(inner, `${where}/${key}`)
  }

  test('the document is OpenAPI 3.1 and all its references resolve', () => {
    expect(document.openapi).toBe('3.1.0')
    const refs = [...nodes(document)].flatMap(([, { $ref }]) => (typeof $ref === 'string' ? [$ref] : []))
    expect(refs.length).toBeGreaterThan(0)
    for (const ref of new Set(refs)) {
      const keys = ref.split('/').slice(1)
      const target = keys.reduce<unknown>((node, key) => (node as Schema | undefined)?.[key], document)
      expect(target).toBeObject()
    }
  })

  test('every path parameter is declared once and as required', () => {
    for (const { path, method, operation } of operations()) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '')
      const declared = operation.parameters.filter((parameter) => parameter.in === 'path')
      expect({ path, method, names: declared.map(({ name }) => name) }).toEqual({
        path,
        method,
        names: inPath,
      })
      expect(declared.every(({ required }) => required)).toBe(true)
    }
  })

  test('every operation has a unique id, answers, and a credential or none', () => {
    const ids = operations().map(({ operation }) => operation.operationId)
    expect(new Set(ids).size).toBe(ids.length)
    for (const { operation } of operations()) {
      expect(Object.keys(operation.responses).filter((code) => /^[1-5]\d\d$/.test(code))).not.toEqual([])
      for (const requirement of operation.security)
        expect(['bearer', 'session']).toContain(Object.keys(requirement)[0] ?? '')
    }
  })

  test('every type is known to JSON Schema', () => {
    const known = ['string', 'integer', 'number', 'boolean', 'array', 'object', 'null']
    const unknown = [...nodes(document)].filter(
      ([where, { type }]) =>
        typeof type === 'string' && !known.includes(type) && !/securitySchemes/.test(where),
    )
    expect(unknown).toEqual([])
  })
})

/** Stores what the examples show and change: a machine, a key pair and an environment. */
async function readyToSync(caller: Caller): Promise<void> {
  const answers = [
    await caller.post('/api/machines/register', { machine_id: 'laptop', name: 'Laptop' }),
    await caller.post('/api/auth/keypair', keypair()),
    await caller.put('/api/environments/sync', {
      environments: [{ name: 'dev', tier: 'development', color: null, protect: false }],
    }),
  ]
  expect(answers.map(({ status }) => status)).toEqual([200, 201, 200])
}
