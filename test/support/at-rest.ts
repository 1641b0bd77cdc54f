import type { Caller } from './caller'
import { testStore } from './database'

/** Whatever a request asks the database, it asks it no oftener than so many others do. */
const ROUNDS = testStore === 'postgres' ? 10 : 2
/** Connections that a server reads over, each of which is opened when it is first needed. */
const CONNECTIONS = 8

/** Has a server open all its connections, so that no request waits for one that is slow to come. */
export async function warmUp(by: Caller): Promise<void> {
  if (testStore === 'postgres')
    await Promise.all(Array.from({ length: CONNECTIONS }, () => by.get('/v1/events?since=oldest')))
}

/**
 * Waits until a request that was sent before is at rest: answered, or held by the server. Requests of one process to one
 * server are taken in order, and go on by turns.
 */
export async function untilAtRest(by: Caller): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) await by.get('/v1/auth/me')
}
