import { expect, setDefaultTimeout, test } from 'bun:test'
import { postgresMissing } from '../support/postgres'
import { twoReplicas } from '../support/replicas'
import { LiveSocket } from '../support/sockets'
import type { Message, Page } from '../support/world'

setDefaultTimeout(120_000)

test.skipIf(postgresMissing)(
  'another replica ends the streams of an erased account, shows its new name, and knows its handle no more',
  async () => {
    await using replicas = await twoReplicas()
    const { one, other } = replicas
    await one.channel('room')
    const ann = await one.agent('ann', { channels: { room: 'member' } })
    const bob = await one.agent('bob', { channels: { room: 'member' } })
    const there = other.bearer(ann.secret)
    await bob.posts('room', 'mine')
    // Everything that the other replica may keep in memory: the account by its handle, its membership, its message.
    expect((await there.get('/v1/accounts/bob')).status).toBe(200)
    expect((await there.post('/v1/messages', { channel: 'room', body: 'hi @bob' })).status).toBe(201)
    using mine = await LiveSocket.open(other.url, bob.credential)
    using peers = await LiveSocket.open(other.url, ann.credential)
    for (const socket of [mine, peers]) await socket.subscribe(['*'])

    const path = `/v1/admin/accounts/${bob.id}/erase`
    const request = { confirm: 'bob', mode: 'anonymize', redact_mentions: true }
    expect((await one.operator.post(path, request)).body).toMatchObject({
      messages_anonymized: 1,
      done: true,
    })

    await mine.closed
    expect(await peers.next('account.erased')).toMatchObject({ account_id: bob.id })
    expect((await other.bearer(bob.secret).get('/v1/auth/me')).status).toBe(401)
    expect((await there.get('/v1/accounts/bob')).status).toBe(404)
    const { body } = await there.get<Page>('/v1/messages?channel=room&since=oldest')
    const [{ sender_handle: handle = '' } = {}] = body.messages
    expect(handle).toStartWith('erased-')
    expect(body.messages.map((message) => message.body)).toEqual(['mine', `hi @${handle}`])
    const named = await there.post<Message>('/v1/messages', { channel: 'room', body: '@bob?' })
    expect(named.body.mentioned_handles).toEqual([])
    await one.agent('bob', { channels: { room: 'member' } })
    const again = await there.post<Message>('/v1/messages', { channel: 'room', body: '@bob!' })
    expect(again.body.mentioned_handles).toEqual(['bob'])
  },
)
