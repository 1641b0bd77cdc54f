import { afterEach, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { peerOf } from '../../src/http/client'
import { listenTcp, listenUnix } from '../../src/http/listen'
import type { Listener } from '../../src/http/listener'
import type { HttpServer } from '../../src/http/server'
import type { SocketHandle, SocketSession } from '../../src/http/socket'
import { DescriptorGuard, type Descriptors } from '../../src/platform/descriptors'
import { temporaryDirectory } from '../home/temporary'
import { selfSigned } from '../support/certificate'
import { Arrivals } from '../support/sockets'

let undo = new AsyncDisposableStack()
afterEach(async () => {
  await undo.disposeAsync()
  undo = new AsyncDisposableStack()
})

/** Answers every request, and subscribes every WebSocket to one topic. */
const http: HttpServer = {
  fetch: async (request) => {
    const session: SocketSession = {
      open: (socket: SocketHandle) => socket.subscribe('news'),
      message: () => {},
      drain: () => {},
      heard: () => {},
      close: () => {},
    }
    return peerOf(request).upgrade?.(session, {}) ? undefined : new Response('served')
  },
  refuse: async () => new Response(null, { status: 400 }),
}

const report = (fault: unknown) => {
  throw fault
}

function directory(): string {
  return undo.use(temporaryDirectory()).path
}

function listening(tls?: () => { cert: string; key: string }): Listener {
  const listener = listenTcp({ host: '127.0.0.1', port: 0, accepts: null, rescue: false, tls, http, report })
  undo.defer(() => listener.stop(0))
  return listener
}

/** An open WebSocket, and the texts it receives. */
async function follower(listener: Listener, scheme = 'ws'): Promise<Arrivals<string>> {
  const texts = new Arrivals<string>()
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const socket = new WebSocket(`${scheme}://127.0.0.1:${listener.port}/`, {
    tls: { rejectUnauthorized: false },
  })
  socket.onopen = () => resolve()
  socket.onclose = () => reject(new Error('closed'))
  socket.onmessage = ({ data }) => texts.push(String(data))
  undo.defer(() => socket.close())
  await promise
  return texts
}

const heard = (texts: Arrivals<string>) => texts.next(() => true, 'a text')

const statusAt = async (listener: Listener): Promise<number> =>
  (await fetch(`http://127.0.0.1:${listener.port}/`, { headers: { connection: 'close' } })).status

test('a refusing listener answers new clients with 503 and keeps its open connections', async () => {
  const listener = listening()
  const texts = await follower(listener)
  listener.refuse()
  expect(await statusAt(listener)).toBe(503)
  listener.publish('news', 'while it refuses')
  expect(await heard(texts)).toBe('while it refuses')
  listener.accept()
  expect(await statusAt(listener)).toBe(200)
  const later = await follower(listener)
  listener.publish('news', 'afterwards')
  expect([await heard(texts), await heard(later)]).toEqual(['afterwards', 'afterwards'])
})

test('a refusing listener with TLS answers 503 as well', async () => {
  const { cert, key } = selfSigned(directory())
  const pair = { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') }
  const listener = listening(() => pair)
  const visit = () => fetch(`https://127.0.0.1:${listener.port}/`, { tls: { rejectUnauthorized: false } })
  expect((await visit()).status).toBe(200)
  listener.refuse()
  expect(await visit().catch(() => 'cut off')).toBe('cut off')
  listener.accept()
  expect((await visit()).status).toBe(200)
})

test('a renewed listener shows its new certificate to new clients and keeps its open connections', async () => {
  const folder = directory()
  const pairs = ['old', 'new'].map((name) => {
    const { cert, key } = selfSigned(folder, name)
    return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') }
  })
  let pair = pairs[0] ?? { cert: '', key: '' }
  const listener = listening(() => pair)
  const texts = await follower(listener, 'wss')
  const before = await fingerprint(listener)
  pair = pairs[1] ?? pair
  listener.renew()
  const after = await fingerprint(listener)
  expect(after).not.toBe(before)
  const later = await follower(listener, 'wss')
  listener.publish('news', 'for both')
  expect([await heard(texts), await heard(later)]).toEqual(['for both', 'for both'])
})

function fingerprint({ port }: Listener): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: port ?? 0, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().fingerprint256)
      socket.destroy()
    })
    socket.on('error', reject)
  })
}

test('a stopped listener accepts no connections again', async () => {
  const listener = listening()
  await listener.stop(0)
  listener.accept()
  listener.renew()
  listener.refuse()
  expect(await statusAt(listener).catch(() => 'nobody')).toBe('nobody')
})

test('when descriptors run out, clients are refused before the operator, and both are accepted again when there is room', async () => {
  const socket = join(directory(), 'synapse.sock')
  const clients = listening()
  const operator = listenUnix(socket, http, report)
  undo.defer(() => operator.stop(0))
  let found: Descriptors = { used: 100, limit: 1000 }
  const said: string[] = []
  const guard = undo.use(
    new DescriptorGuard({
      listeners: [clients, operator],
      say: (level, message) => said.push(`${level} ${message.split(':')[0]}`),
      report: (fault) => {
        throw fault
      },
      look: () => found,
    }),
  )
  const statuses = async (used: number) => {
    found = { used, limit: 1000 }
    guard.look()
    const { status } = await fetch('http://localhost/', { unix: socket, headers: { connection: 'close' } })
    return [await statusAt(clients), status]
  }
  expect(await statuses(870)).toEqual([200, 200])
  expect(await statuses(880)).toEqual([503, 200])
  expect(await statuses(995)).toEqual([503, 503])
  expect(await statuses(880)).toEqual([503, 200])
  expect(await statuses(800)).toEqual([503, 200])
  expect(await statuses(700)).toEqual([200, 200])
  expect(said).toEqual(['warning too few file descriptors are left', 'info there are file descriptors again'])
})
