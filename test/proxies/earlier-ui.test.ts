// The web UI of the earlier server stays usable: its pages come from a proxy of its own, which passes /v1 on. The calls are
// made in a browser, because cookies and origins are a browser's matter.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import { BrowserPage, browser, desktop } from '../support/browser'
import { Site } from '../support/site'
import { carelessCaddy, hasCaddy } from './caddy'
import type { Front } from './front'
import { keptPort } from './fronts'

setDefaultTimeout(120_000)

const PASSWORD = 'correct horse battery staple'

interface Answer {
  readonly status: number
  readonly body: unknown
}

interface Message {
  readonly id: string
  readonly body: string
  readonly created_at: string
}

/** Runs in the page: how the UI calls, how it sorts, and what its sockets hear. */
const UI = `(() => {
  window.call = async (path, method = 'GET', body) => {
    const response = await fetch(path, {
      method,
      credentials: 'include',
      headers: { accept: 'application/json', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, body: text === '' ? null : JSON.parse(text) }
  }
  window.byTime = (one, other) => one.created_at.localeCompare(other.created_at) || one.id.localeCompare(other.id)
  window.listen = (slug) => {
    const heard = { frames: [], code: undefined }
    const socket = new WebSocket('ws://' + location.host + '/v1/ws?channel=' + encodeURIComponent(slug))
    socket.onmessage = ({ data }) => heard.frames.push(JSON.parse(data))
    socket.onclose = ({ code }) => { heard.code = code }
    return heard
  }
})()`

describe.skipIf(browser === undefined || !hasCaddy)("the earlier server's own web UI", () => {
  const stack = new AsyncDisposableStack()
  let site: Site
  /** As the earlier server was delivered: one proxy has the pages, and passes /v1 on. */
  let delivered: Front
  /** As it is developed: the proxy passes /v1 on under the name of the server behind it. */
  let renaming: Front

  beforeAll(async () => {
    site = stack.use(new Site())
    const port = keptPort()
    const pages = join(site.directory, 'pages')
    await Bun.write(
      join(pages, 'index.html'),
      '<!doctype html><title>The earlier UI</title><link rel="icon" href="data:,">',
    )
    const around = (proxy: string) => [
      '\thandle /v1/* {',
      proxy,
      '\t}',
      '\thandle {',
      `\t\troot * ${pages}`,
      '\t\ttry_files {path} /index.html',
      '\t\tfile_server',
      '\t}',
    ]
    const upstream = `127.0.0.1:${port}`
    delivered = stack.use(
      await carelessCaddy(['\tencode gzip zstd', ...around(`\t\treverse_proxy ${upstream}`)]),
    )
    renaming = stack.use(
      await carelessCaddy(around(`\t\treverse_proxy ${upstream} {\n\t\t\theader_up Host ${upstream}\n\t\t}`)),
    )
    Object.assign(site.environment, {
      SYNAPSE_PORT: String(port),
      SYNAPSE_ADMIN_HANDLES: 'clint',
      SYNAPSE_AUTH_CORS_ORIGINS: renaming.origin,
    })
    await site.serve()
    await site.json('add-account', '--kind', 'human', '--handle', 'clint', '--password', PASSWORD)
    await site.json('add-channel', '--slug', 'team-ops', '--name', 'Team ops')
    await site.json('add-member', 'clint', 'team-ops')
  })
  afterAll(() => stack.disposeAsync())

  const open = async ({ origin }: Front, path = '/') => {
    const page = await BrowserPage.open(`${origin}${path}`, desktop)
    await page.value(UI)
    return page
  }
  const call = (page: BrowserPage, path: string, method = 'GET', body?: object) =>
    page.value<Answer>(`call(${[path, method, body].map((one) => JSON.stringify(one)).join(', ')})`)
  const signIn = (page: BrowserPage) =>
    call(page, '/v1/auth/login', 'POST', { handle: 'Clint', password: PASSWORD })

  test('a person signs in, lists, reads, posts and hears what is posted', async () => {
    await using page = await open(delivered, '/channels/team-ops')
    expect(await call(page, '/v1/auth/me')).toMatchObject({ status: 401 })
    expect(await signIn(page)).toEqual({ status: 200, body: { status: 'ok', handle: 'clint' } })
    expect(await call(page, '/v1/auth/me')).toMatchObject({
      body: { handle: 'clint', kind: 'human', display_name: 'clint', via: 'session', scopes: [] },
    })
    const listed = await call(page, '/v1/channels')
    expect(listed.body).toMatchObject({ channels: [{ slug: 'team-ops', name: 'Team ops', role: 'member' }] })
    expect(await call(page, '/v1/channels/team-ops/members')).toMatchObject({
      body: { members: [{ handle: 'clint', display_name: 'clint', kind: 'human', role: 'member' }] },
    })

    await page.value("window.heard = listen('team-ops'), null")
    await page.becomes("heard.frames[0]?.type === 'hello'")
    const bodies = ['first', 'second', '**third**']
    for (const body of bodies) {
      const posted = { channel: 'team-ops', body, body_format: 'markdown' }
      expect(await call(page, '/v1/messages', 'POST', posted)).toMatchObject({
        status: 201,
        body: { channel: 'team-ops', body, sender_handle: 'clint', mentioned_handles: [] },
      })
    }
    await page.becomes('heard.frames.length === 4')
    const frames =
      await page.value<{ type: string; channel: string; message: Message }[]>('heard.frames.slice(1)')
    expect(frames.map(({ type, channel, message }) => [type, channel, message.body])).toEqual(
      bodies.map((body) => ['message.created', 'team-ops', body]),
    )
    const sorted = await page.value<Message[]>(
      "call('/v1/messages?channel=team-ops&limit=50&order=desc').then(({ body }) => body.messages.sort(byTime))",
    )
    expect(sorted.map(({ body }) => body)).toEqual(bodies)
    // The UI merges both lists by id, and sorts the times as texts.
    const placeOf = ({ id, created_at }: Message) => ({ id, created_at })
    expect(frames.map(({ message }) => placeOf(message))).toEqual(sorted.map(placeOf))

    expect(await call(page, '/v1/auth/logout', 'POST')).toEqual({ status: 200, body: { status: 'ok' } })
    await page.becomes('heard.code === 1008')
    expect(await call(page, '/v1/auth/me')).toMatchObject({ status: 401 })
  })

  test('an administrator makes accounts, channels, members and tokens, and the errors have the words that the UI looks for', async () => {
    await using page = await open(delivered, '/admin/accounts')
    await signIn(page)
    const admin = (path: string, method?: string, body?: object) =>
      call(page, `/v1/admin/${path}`, method, body)
    const made = await admin('accounts', 'POST', { kind: 'agent', handle: 'Cairn', display_name: 'Cairn' })
    expect(made).toMatchObject({ status: 201, body: { handle: 'cairn', kind: 'agent', archived_at: null } })
    const { id } = made.body as { id: string }
    expect(await admin('accounts', 'POST', { kind: 'agent', handle: 'cairn' })).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('exists') },
    })
    expect(await admin(`accounts/${id}`, 'PATCH', { display_name: 'Cairn II', email: null })).toMatchObject({
      status: 200,
      body: { display_name: 'Cairn II' },
    })
    for (const act of ['archive', 'unarchive'])
      expect(await admin(`accounts/${id}/${act}`, 'POST')).toMatchObject({ status: 200, body: { id } })
    const accounts = (await admin('accounts')).body as { handle: string }[]
    expect(accounts.map(({ handle }) => handle)).toEqual(expect.arrayContaining(['cairn', 'clint']))

    const channel = await admin('channels', 'POST', {
      slug: 'OPS-2',
      name: 'Ops',
      description: null,
      kind: 'private',
    })
    expect(channel).toMatchObject({ status: 201, body: { slug: 'ops-2', kind: 'private' } })
    expect(await admin('channels')).toMatchObject({
      body: [expect.objectContaining({ slug: 'ops-2' }), expect.objectContaining({ slug: 'team-ops' })],
    })
    const membership = { account_handle: 'cairn', channel_slug: 'OPS-2', role: 'member' }
    expect(await admin('memberships', 'POST', membership)).toMatchObject({ status: 201 })
    expect(await admin('memberships', 'POST', membership)).toMatchObject({
      status: 409,
      body: { detail: expect.stringMatching(/already a member/i) },
    })
    expect(await admin('memberships', 'POST', { ...membership, account_handle: 'nobody' })).toMatchObject({
      status: 404,
      body: { detail: expect.stringMatching(/not found/i) },
    })

    const issued = await admin('tokens', 'POST', { account_handle: 'cairn', scopes: ['channel:*:*'] })
    expect(issued).toMatchObject({
      status: 201,
      body: { token: expect.stringMatching(/^syn_/), revoked_at: null },
    })
    const { id: tokenId } = issued.body as { id: string }
    expect(await admin('tokens?account=cairn')).toMatchObject({
      body: [{ id: tokenId, account_handle: 'cairn' }],
    })
    expect(await admin(`tokens/${tokenId}/revoke`, 'POST')).toMatchObject({
      status: 200,
      body: { revoked_at: expect.any(String) },
    })
  })

  test('behind a proxy that gives the server another name, its origin has to be among those that are allowed', async () => {
    await using page = await open(renaming)
    expect(await signIn(page)).toMatchObject({ status: 200 })
    await page.value("window.heard = listen('team-ops'), null")
    await page.becomes("heard.frames[0]?.type === 'hello'")
    const posted = { channel: 'team-ops', body: 'from elsewhere', body_format: 'markdown' }
    expect(await call(page, '/v1/messages', 'POST', posted)).toMatchObject({ status: 201 })
    await page.becomes("heard.frames.some(({ message }) => message?.body === 'from elsewhere')")

    expect(await site.run('config', 'set', 'auth.cors_origins', '[]')).toMatchObject({ code: 0 })
    await page.value("window.refused = listen('team-ops'), null")
    await page.becomes('refused.code === 1006')
    expect(await page.value<unknown[]>('refused.frames')).toEqual([])
  })
})
