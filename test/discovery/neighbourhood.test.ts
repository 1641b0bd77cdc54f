import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import multicastDns from 'multicast-dns'
import { type Announcement, type Hint, MdnsBrowser } from '../../src/discovery'
import { hintsIn, recordsOf } from '../../src/discovery/records'
import { until } from '../support/sockets'
import { freePort } from '../support/supervised'
import { world } from '../support/world'

setDefaultTimeout(120_000)

const DID = 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp'
const announcement: Announcement = {
  did: DID,
  name: 'The lab',
  url: 'http://192.168.1.20:8080',
  port: 8080,
  host: 'lab.local',
  addresses: ['192.168.1.20'],
}
const hint: Hint = { did: DID, name: 'The lab', url: 'http://192.168.1.20:8080' }

/** A member of a local network that only this test uses. */
function neighbour(port: number, now?: () => number): MdnsBrowser {
  const trouble = (fault: unknown) => {
    throw fault
  }
  return new MdnsBrowser({ port, interface: '127.0.0.1', trouble, ...(now && { now }) })
}

const known = ({ hints }: MdnsBrowser) => hints.map(({ lastSeen: _, ...rest }) => rest)

describe('DNS-SD records', () => {
  test('an announcement is a DNS-SD service with PTR, SRV, TXT and address records', () => {
    expect(recordsOf(announcement)).toEqual({
      answers: [
        { name: '_synapse._tcp.local', type: 'PTR', ttl: 120, data: 'The lab._synapse._tcp.local' },
        {
          name: 'The lab._synapse._tcp.local',
          type: 'SRV',
          ttl: 120,
          data: { target: 'lab.local', port: 8080 },
        },
        {
          name: 'The lab._synapse._tcp.local',
          type: 'TXT',
          ttl: 4500,
          data: [
            'v=1',
            `did=${DID}`,
            'url=http://192.168.1.20:8080',
            'name=The lab',
            'tls=0',
            'path=/.well-known/synapse',
          ],
        },
      ],
      additionals: [{ name: 'lab.local', type: 'A', ttl: 120, data: '192.168.1.20' }],
    })
  })

  test('a service name is one label of at most 63 bytes', () => {
    const named = (name: string) => recordsOf({ ...announcement, name }).answers?.[0]
    expect(named('chat.example.org')).toMatchObject({ data: 'chat-example-org._synapse._tcp.local' })
    expect(named('ä'.repeat(40))).toMatchObject({ data: `${'ä'.repeat(31)}._synapse._tcp.local` })
  })

  test('records that cannot describe a Synapse server are ignored', () => {
    const said = (...texts: string[]) =>
      hintsIn({ answers: [{ name: 'x._synapse._tcp.local', type: 'TXT', ttl: 120, data: texts }] })
    const good = ['v=1', `did=${DID}`, 'url=http://a.local:1', 'name=a']
    expect(said(...good)).toEqual([{ hint: { did: DID, name: 'a', url: 'http://a.local:1' }, isGone: false }])
    const bad = [
      ['v=2', ...good.slice(1)],
      good.filter((text) => !text.startsWith('did=')),
      [...good, 'did=did:web:evil.example'],
      [...good, 'url=javascript:alert(1)'],
      [...good, 'url=http://a.local/path'],
      [...good, 'url=file:///etc/passwd'],
      [...good, 'url='],
      ['=', 'v', ''],
      [],
    ]
    for (const texts of bad) expect(said(...texts)).toEqual([])
    expect(hintsIn({ answers: [{ name: 'x._http._tcp.local', type: 'TXT', ttl: 1, data: good }] })).toEqual(
      [],
    )
    const long = said(...good, `name=\u0007${'n'.repeat(200)}`)
    expect(long[0]?.hint.name).toBe(`\\x07${'n'.repeat(59)}`)
  })
})

describe('the local network', () => {
  test('a browser hears announcements made before and after it started, and goodbyes remove them', async () => {
    const port = freePort()
    await using early = neighbour(port)
    early.browse()
    await using server = neighbour(port)
    server.announce(announcement)
    await until('the announcement', () => early.hints.length > 0)
    expect(known(early)).toEqual([hint])

    await using late = neighbour(port)
    late.browse()
    await until('the answer', () => late.hints.length > 0)
    expect(known(late)).toEqual([hint])

    server.announce({ ...announcement, url: 'https://lab.local:8443' })
    await until('the change', () => late.hints[0]?.url === 'https://lab.local:8443')

    await server.goodbye()
    await until('the goodbye', () => early.hints.length === 0 && late.hints.length === 0)
  })

  test('a server does not list itself, and forgets a peer that is silent for 150 s', async () => {
    const port = freePort()
    let now = 1_000_000
    await using listener = neighbour(port, () => now)
    listener.browse()
    await using server = neighbour(port)
    server.browse()
    server.announce(announcement)
    await until('the announcement', () => listener.hints.length > 0)
    expect(server.hints).toEqual([])
    now += 149_000
    expect(listener.hints).toHaveLength(1)
    now += 2000
    expect(listener.hints).toEqual([])
  })

  test('malformed packets are ignored, and the number of remembered servers is limited', async () => {
    const port = freePort()
    await using listener = neighbour(port)
    listener.browse()
    const wire = multicastDns({ port, interface: '127.0.0.1', bind: '0.0.0.0' })
    const raw = await Bun.udpSocket({})
    for (const bytes of ['', 'x', '\0'.repeat(12), '\xff'.repeat(600)]) raw.send(bytes, port, '127.0.0.1')
    raw.close()
    const letters = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
    const invent = (i: number) => {
      const end = `${letters[i % 58]}${letters[Math.floor(i / 58) % 58]}`
      const fake = { ...announcement, did: `did:key:z6Mk${'1'.repeat(42)}${end}` }
      return new Promise((done) => wire.respond(recordsOf(fake), done))
    }
    let invented = 0
    // Some datagrams of a flood are lost.
    await until('the flood', async () => {
      await invent(invented++)
      return listener.hints.length >= 256
    })
    for (let i = 0; i < 50; i++) await invent(invented++)
    expect(listener.hints.length).toBe(256)
    const { promise, resolve } = Promise.withResolvers<void>()
    wire.destroy(() => resolve())
    await promise
  })
})

describe('the discovery endpoints', () => {
  test('only operators and holders of federation:manage may list discovered servers', async () => {
    await using w = await world()
    const ann = await w.agent('ann')
    const peer = await w.agent('peer', { scopes: ['federation:manage'] })
    expect((await w.operator.get('/v1/discovery/mdns')).body).toEqual({ peers: [] })
    expect((await peer.get('/v1/discovery/mdns')).status).toBe(200)
    const refused = await ann.get('/v1/discovery/mdns')
    expect({ status: refused.status, body: refused.body }).toMatchObject({
      status: 403,
      body: { code: 'missing_scope', required_scope: 'federation:manage' },
    })
    const person = await (await w.human('bob')).get('/v1/discovery/mdns')
    expect({ status: person.status, body: person.body }).toMatchObject({
      status: 403,
      body: { code: 'not_admin', gate: 'role' },
    })
  })

  test('the discovery document is public and readable from every web page', async () => {
    await using w = await world()
    const answer = await w.guest.get<object>('/.well-known/synapse')
    expect(answer.headers.get('access-control-allow-origin')).toBe('*')
    expect(answer.headers.get('cache-control')).toBe('max-age=300')
    const server = await w.operator.get<{ features: string[] }>('/v1/server')
    expect(answer.body).toEqual({
      capabilities: { api: 'v1', auth_required: true, features: server.body.features },
    })
  })
})
