import { expect, test } from 'bun:test'
import { MdnsAnnouncer, type MdnsAnnouncerParts } from '../../src/app/mdns'
import { loadConfig } from '../../src/config'
import { MdnsBrowser } from '../../src/discovery'
import { createLogger } from '../../src/platform/logger'
import { until } from '../support/sockets'
import { freePort } from '../support/supervised'

const DID = 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp'

/** A server that may be announced, and a listener. */
function scene(env: Record<string, string>, urls: readonly string[], holdsLease = true) {
  const wire = { port: freePort(), interface: '127.0.0.1' }
  const config = loadConfig({
    env: { HOME: '/h', SYNAPSE_HOME: '/h/data', ...env },
    cwd: '/',
    command: 'serve',
  })
  const listener = new MdnsBrowser({ ...wire, trouble: () => {} })
  listener.browse()
  const leases: string[] = []
  const parts: MdnsAnnouncerParts = {
    config,
    // The keys are the same, and so are the values that are read here.
    settings: {
      get: (key) => config.settings[key as keyof typeof config.settings],
    } as MdnsAnnouncerParts['settings'],
    did: DID,
    listeners: { urls, port: 8080 },
    store: {
      lease: async (name) => {
        leases.push(name)
        return holdsLease
      },
      release: async () => {},
    },
    logger: createLogger('error', () => {}),
    wire,
  }
  return { listener, leases, start: () => new MdnsAnnouncer(parts) }
}

const LAN = ['http://127.0.0.1:8080', 'http://192.168.1.20:8080']

test('a server with --lan is announced at its LAN address, and says goodbye when it stops', async () => {
  const { listener, start } = scene({ SYNAPSE_LAN: '1', SYNAPSE_INSTANCE_NAME: 'The lab' }, LAN)
  const announcing = start()
  await until('the announcement', () => listener.hints.length > 0)
  expect(listener.hints).toMatchObject([{ did: DID, name: 'The lab', url: 'http://192.168.1.20:8080' }])
  await announcing.stop()
  await until('the goodbye', () => listener.hints.length === 0)
  await listener[Symbol.asyncDispose]()
})

test('a server with a public address announces that address', async () => {
  const { listener, start } = scene(
    { SYNAPSE_DISCOVERY_MDNS_ANNOUNCE: 'on', SYNAPSE_BASE_URL: 'https://chat.example.org' },
    LAN,
  )
  const announcing = start()
  await until('the announcement', () => listener.hints.length > 0)
  expect(listener.hints).toMatchObject([{ url: 'https://chat.example.org' }])
  await announcing.stop()
  await listener[Symbol.asyncDispose]()
})

test('a server is not announced on loopback only, without being asked to, or without the lease', async () => {
  const announce = { SYNAPSE_DISCOVERY_MDNS_ANNOUNCE: 'on' }
  for (const { listener, leases, start } of [
    scene(announce, ['http://127.0.0.1:8080', 'http://localhost:8080', 'http://[::1]:8080']),
    scene({}, LAN),
    scene(announce, LAN, false),
  ]) {
    const announcing = start()
    // Stopping waits for the first check.
    await announcing.stop()
    expect(listener.hints).toEqual([])
    expect(leases.length).toBeLessThanOrEqual(1)
    await listener[Symbol.asyncDispose]()
  }
})
