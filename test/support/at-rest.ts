import type { Caller } from './caller'
import { testStore } from './database'

/** No request makes more round trips to the database than this many other requests do together. */
const ROUNDS = testStore === 'postgres' ? 10 : 2
/** The connections that a server reads over; each opens when it is first needed. */
const CONNECTIONS = 8

/** Makes a server open all its connections, so that no request waits for a new one. */
export async function warmUp(by: Caller): Promise<void> {
  if (testStore === 'postgres')
    await Promise.all(Array.from({ length: CONNECTIONS }, () => by.get('/v1/events?since=oldest')))
}

/**
 * Waits until an earlier request is at rest: answered, or held by the server. A server takes the requests of one process
 * in order and processes them in turns.
 */
export async function untilAtRest(by: Caller): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) await by.get('/v1/auth/me')
}
