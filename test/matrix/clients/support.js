// What the scripts share: their input, waits that end, and quiet logs.
import { ClientEvent, createClient, SyncState } from 'matrix-js-sdk'
import { logger } from 'matrix-js-sdk/lib/logger.js'

logger.setLevel('silent')

/** The first argument of the script, as JSON. */
export const input = JSON.parse(process.argv[2])

const PATIENCE_MILLISECONDS = 20_000
const LOOK_MILLISECONDS = 20

/** Waits until a condition gives a value, and returns it. */
export async function until(what, condition) {
  const end = performance.now() + PATIENCE_MILLISECONDS
  for (;;) {
    const found = await condition()
    if (found) return found
    if (performance.now() > end) throw new Error(`waited too long for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, LOOK_MILLISECONDS))
  }
}

/** Signs a person in with matrix-js-sdk, and waits for the first sync. `line`: a connection that can be cut. */
export async function signedIn({ user, password }, line = new Line()) {
  const { baseUrl } = input
  const login = await createClient({ baseUrl }).loginRequest({
    type: 'm.login.password',
    identifier: { type: 'm.id.user', user },
    password,
  })
  const client = createClient({
    baseUrl,
    userId: login.user_id,
    deviceId: login.device_id,
    accessToken: login.access_token,
    fetchFn: line.fetch,
    timelineSupport: true,
  })
  await client.startClient({
    initialSyncLimit: 10,
    lazyLoadMembers: true,
    threadSupport: true,
    pollTimeout: 10_000,
  })
  await until(
    'the first sync',
    () => client.getSyncState() === SyncState.Syncing || client.isInitialSyncComplete(),
  )
  return client
}

/** A connection to the server that can be cut and mended. */
export class Line {
  isCut = false
  cutting = new AbortController()

  fetch = (url, init = {}) => {
    if (this.isCut) return Promise.reject(new TypeError('the connection is cut'))
    const signal = init.signal ? AbortSignal.any([init.signal, this.cutting.signal]) : this.cutting.signal
    return fetch(url, { ...init, signal })
  }

  cut() {
    this.isCut = true
    this.cutting.abort(new TypeError('the connection is cut'))
  }

  mend() {
    this.isCut = false
    this.cutting = new AbortController()
  }
}

export { ClientEvent }
