/** Unmodified Matrix clients against a running server. Their scripts are in test/matrix/clients. */
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { matrixClientsMissing, nioMissing, RunningClient, runMatrixClient } from '../support/matrix-clients'
import { pngOf } from '../support/png'
import type { ServerProcess } from '../support/server-process'
import { Site } from '../support/site'

setDefaultTimeout(120_000)

const MATRIX = { SYNAPSE_MATRIX_SERVER_NAME: 'example.org' }

interface Versions {
  readonly versions: readonly string[]
  readonly is_v1_4?: boolean
}

describe('discovery', () => {
  const reads = async (script: string) => {
    await using site = new Site()
    await using server = await site.serveWith(MATRIX)
    const { versions, is_v1_4 = true } = await runMatrixClient<Versions>(script, { baseUrl: server.url })
    expect(versions).toContain('v1.1')
    expect(is_v1_4).toBe(true)
  }

  test.skipIf(matrixClientsMissing).each(['js-sdk-versions.js', 'bot-sdk-versions.js'])(
    '%s reads the versions',
    reads,
  )

  test.skipIf(nioMissing)('nio-versions.py reads the versions', () => reads('nio-versions.py'))
})

const PASSWORD = 'correct horse battery staple'

/** People with a password on a server. */
async function people({ operator }: ServerProcess, ...handles: string[]) {
  for (const handle of handles) {
    const account = { handle, kind: 'human', display_name: handle, password: PASSWORD }
    const { status, text } = await operator.post('/v1/admin/accounts', account)
    expect(status, text).toBe(201)
  }
  return handles.map((user) => ({ user, password: PASSWORD }))
}

test.skipIf(matrixClientsMissing)('two people talk with matrix-js-sdk', async () => {
  await using site = new Site()
  await using server = await site.serveWith(MATRIX)
  const report = await runMatrixClient<{ missed: string[] }>('js-sdk-people.js', {
    baseUrl: server.url,
    people: await people(server, 'ada', 'ben'),
  })
  expect(report.missed).toHaveLength(30)
})

test.skipIf(matrixClientsMissing)('two people see each other with matrix-js-sdk', async () => {
  await using site = new Site()
  await using server = await site.serveWith(MATRIX)
  const { found } = await runMatrixClient<{ found: string }>('js-sdk-presence.js', {
    ...{ baseUrl: server.url, people: await people(server, 'ada', 'ben') },
    png: Buffer.from(pngOf(200, 100)).toString('base64'),
  })
  expect(found).toBe('@ada:example.org')
})

test.skipIf(matrixClientsMissing)('two people find rooms with matrix-js-sdk', async () => {
  await using site = new Site()
  await using server = await site.serveWith(MATRIX)
  const { room, replacement } = await runMatrixClient<{ room: string; replacement: string }>(
    'js-sdk-places.js',
    { baseUrl: server.url, people: await people(server, 'ada', 'ben') },
  )
  expect(replacement).not.toBe(room)
})

test.skipIf(nioMissing)('two people talk with matrix-nio', async () => {
  await using site = new Site()
  await using server = await site.serveWith(MATRIX)
  const report = await runMatrixClient<{ uri: string }>('nio-people.py', {
    baseUrl: server.url,
    people: await people(server, 'ada', 'ben'),
  })
  expect(report.uri).toStartWith('mxc://example.org/')
})

interface BotLine {
  readonly ready?: string
  readonly joined?: string
  readonly message?: string
  readonly answered?: string
  readonly refused?: unknown
}

interface MatrixEvent {
  readonly type: string
  readonly sender: string
  readonly event_id: string
  readonly content: Readonly<Record<string, unknown>>
}

describe.skipIf(matrixClientsMissing)('a bot with matrix-bot-sdk', () => {
  test('signs in, joins where it is invited, answers and reacts', async () => {
    await using site = new Site()
    await using server = await site.serveWith(MATRIX)
    const [ada, bot] = await people(server, 'ada', 'echo')
    await using client = new RunningClient<BotLine>('bot-sdk-echo.js', { baseUrl: server.url, ...bot })
    await client.until(({ ready }) => ready === '@echo:example.org')
    const login = {
      type: 'm.login.password',
      identifier: { type: 'm.id.user', user: ada?.user },
      password: PASSWORD,
    }
    const { body } = await server.as('').post<{ access_token: string }>('/_matrix/client/v3/login', login)
    const by = server.as(body.access_token)
    const made = await by.post<{ room_id: string }>('/_matrix/client/v3/createRoom', {
      preset: 'private_chat',
      invite: ['@echo:example.org'],
    })
    const room = encodeURIComponent(made.body.room_id)
    await client.until(({ joined }) => joined === made.body.room_id)
    const sent = await by.put<{ event_id: string }>(
      `/_matrix/client/v3/rooms/${room}/send/m.room.message/1`,
      { msgtype: 'm.text', body: '!echo hello' },
    )
    await client.until(({ answered }) => answered === sent.body.event_id)
    const { chunk } = (
      await by.get<{ chunk: MatrixEvent[] }>(`/_matrix/client/v3/rooms/${room}/messages?dir=b&limit=2`)
    ).body
    expect(chunk.map(({ type, sender }) => [type, sender])).toEqual([
      ['m.reaction', '@echo:example.org'],
      ['m.room.message', '@echo:example.org'],
    ])
    expect(chunk[0]?.content).toEqual({
      'm.relates_to': { rel_type: 'm.annotation', event_id: sent.body.event_id, key: '✅' },
    })
    expect(chunk[1]?.content).toMatchObject({
      'm.relates_to': { 'm.in_reply_to': { event_id: sent.body.event_id } },
    })
  })

  test('is an agent with its own token: it reads and writes the messages of /v1', async () => {
    await using site = new Site()
    await using server = await site.serveWith(MATRIX)
    await server.room('room')
    const token = await server.agent('echo', 'room')
    const other = server.as(await server.agent('other', 'room'))
    await using client = new RunningClient<BotLine>('bot-sdk-echo.js', { baseUrl: server.url, token })
    await client.until(({ ready }) => ready === '@echo:example.org')
    const { body } = await other.post<{ id: string }>('/v1/messages', {
      channel: 'room',
      body: '!echo hello',
    })
    await client.until(({ answered }) => answered !== undefined)
    const { messages } = (
      await other.get<{ messages: { body: string; reply_to: string | null; via: string }[] }>(
        '/v1/messages?channel=room',
      )
    ).body
    expect(messages.at(-1)).toMatchObject({ body: 'hello', reply_to: body.id, via: 'token' })
    const message = await other.get<{ reactions: object }>(`/v1/messages/${body.id}`)
    expect(JSON.stringify(message.body)).toContain('✅')
  })

  test('is refused by the chain limit, with a code that does not make it try for ever', async () => {
    await using site = new Site()
    await using server = await site.serveWith(MATRIX)
    await server.operator.put('/v1/config/chain.limit', { value: 3 })
    await server.room('room')
    const report = await runMatrixClient<{ sent: number; refusal: object }>('bot-sdk-chain.js', {
      baseUrl: server.url,
      token: await server.agent('thinker', 'room'),
      alias: '#room:example.org',
      most: 10,
    })
    expect(report).toEqual({
      sent: 3,
      refusal: {
        status: 403,
        errcode: 'M_FORBIDDEN',
        error: expect.any(String),
        'dev.synapse.code': 'chain_limit',
      },
    })
  })
})
