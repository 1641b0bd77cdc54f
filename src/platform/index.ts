/**
 * The platform: implements the core's ports with what Bun has built in: clock, turns, randomness, hashing, password
 * hashing.
 */

import type { Secrets, Uuid } from '../core/kernel/ids'
import type { Passwords } from '../core/kernel/ports'
import { Semaphore } from '../core/kernel/semaphore'
import { type Clock, toMicros } from '../core/kernel/time'
import type { Turns } from '../core/kernel/turns'
import { memoryOf } from './memory'

/**
 * Wall time in microseconds. It follows `Date.now`, so that an adjusted clock is seen; the steady clock provides the
 * microseconds.
 */
export const systemClock: Clock = {
  now: () => {
    const wall = Date.now()
    const precise = performance.timeOrigin + performance.now()
    // The two diverge when the clock is set; then the wall clock counts.
    return toMicros(Math.floor((Math.abs(precise - wall) < 2 ? precise : wall) * 1000))
  },
  steady: () => performance.now(),
}

/** Turns of Bun's event loop. Network events are handled between two of them. */
export const systemTurns: Turns = {
  next: () => new Promise((resolve) => setImmediate(resolve)),
}

export const systemSecrets: Secrets = {
  uuid: () => Bun.randomUUIDv7() as Uuid,
  secret: () =>
    crypto.getRandomValues(new Uint8Array(32)).toBase64({ alphabet: 'base64url', omitPadding: true }),
  sha256: (text) => Bun.SHA256.hash(text, 'hex'),
}

/** argon2id parameters: 64 MiB, 3 passes (as in the earlier server, except for its four lanes). */
const MEMORY_KIB = 65_536
const PASSES = 3
/** Each hash takes 64 MiB. The number of concurrent hashes if memory allows, and of those that may wait. */
const CONCURRENT_HASHES = 2
const WAITING_HASHES = 32
/**
 * The hash to compare with if an account has no password, so that the time is the same: of 32 random bytes that were
 * not kept.
 */
const DECOY =
  '$argon2id$v=19$m=65536,t=3,p=1$ZGco9bJ+YrZUYOGIQiVPaZ1TXMka4I63L6uJrQZyQIg$oWJkueKTCvcvuzfne5FX+rawGeredK8rH+q3918CPG4'

/** Memory that must remain free when another hash begins. */
const MARGIN_BYTES = 32 * 1024 * 1024

/**
 * Password hashing with Bun's argon2id, off the serving thread. One hash may always run. Another one waits while memory
 * is short, so that sign-ins become slower instead of the process being killed.
 */
export function argonPasswords(freeBytes = () => memoryOf()?.free): Passwords {
  // Running hashes may not have touched all of their memory yet.
  const isRoomFor = (hashes: number) =>
    (freeBytes() ?? Number.POSITIVE_INFINITY) >= hashes * MEMORY_KIB * 1024 + MARGIN_BYTES
  const gate = new Semaphore(
    (running) => running === 0 || (running < CONCURRENT_HASHES && isRoomFor(running + 1)),
    WAITING_HASHES,
    'Too many logins at once; try again',
  )
  const options = { algorithm: 'argon2id', memoryCost: MEMORY_KIB, timeCost: PASSES } as const
  return {
    hash: (password) => gate.run(() => Bun.password.hash(password, options)),
    verify: async (password, hash) => {
      const matches = await gate.run(() => Bun.password.verify(password, hash ?? DECOY))
      return hash !== null && matches
    },
    isWeak: (hash) => {
      const match = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=\d+\$/.exec(hash)
      return !match || Number(match[1]) < MEMORY_KIB || Number(match[2]) < PASSES
    },
  }
}
