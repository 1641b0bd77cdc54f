/** Times in milliseconds. */
export const timing = {
  /** An answer begins within this time, beside the time for which the server was asked to hold it. */
  answer: 60_000,
  /** A stream begins within this time, or something on the way holds it back. */
  hello: 10_000,
  /** A stream that is silent for so long is dead: the server sends something every 15 s. */
  silence: 45_000,
  /** A stream that was open for so long is begun anew without a long pause. */
  lasting: 10_000,
  /** A request is repeated for so long. */
  patience: 60_000,
  /** After so long, streams are tried again where they did not pass before. */
  polling: 300_000,
  /** The pause before the first repetition, and before the second. */
  soon: 300,
  pause: 1000,
}

/** The longest pause between two attempts. */
const LONGEST_PAUSE = 30_000
/** Seconds for which the server is asked to hold an answer. Many proxies cut a request that is silent for a minute. */
export const WAIT_SECONDS = 25

/** The pause after so many repetitions: 0.3, 1, 2, 4 … 30 s, ± 20 %. */
export function pauseAfter(count: number): number {
  const pause = count === 0 ? timing.soon : timing.pause * 2 ** (count - 1)
  return Math.min(pause, LONGEST_PAUSE) * (0.8 + Math.random() * 0.4)
}

/**
 * Waits, and keeps a process alive. With `isHurried`, only until a browser says that the network is back or the page is seen.
 * @throws the reason of the signal
 */
export function sleep(milliseconds: number, signal?: AbortSignal, isHurried = false): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const end = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
      for (const type of ['online', 'visibilitychange']) globalThis.removeEventListener?.(type, wake)
    }
    const wake = () => {
      end()
      resolve()
    }
    const abort = () => {
      end()
      reject(signal?.reason)
    }
    const timer = setTimeout(wake, milliseconds)
    signal?.addEventListener('abort', abort)
    if (!isHurried) return
    for (const type of ['online', 'visibilitychange']) globalThis.addEventListener?.(type, wake)
  })
}

/** A timer that does not keep a process alive. */
export function later(milliseconds: number, act: () => void): () => void {
  const timer: unknown = setTimeout(act, milliseconds)
  if (typeof timer === 'object') (timer as { unref?(): void }).unref?.()
  // Deno has numbers as timers.
  else (globalThis as { Deno?: { unrefTimer?(id: unknown): void } }).Deno?.unrefTimer?.(timer)
  return () => clearTimeout(timer as number)
}

/** A signal that aborts with any of the given ones. Call `release` when it is no longer needed. */
export function anyOf(...signals: (AbortSignal | undefined)[]): {
  controller: AbortController
  release(): void
} {
  const controller = new AbortController()
  const releases = signals.map((signal) => {
    const abort = () => controller.abort(signal?.reason)
    if (signal?.aborted) abort()
    signal?.addEventListener('abort', abort)
    return () => signal?.removeEventListener('abort', abort)
  })
  return {
    controller,
    release: () => {
      for (const release of releases) release()
    },
  }
}

/** `Symbol.asyncDispose`, which Node 18 does not have at first. */
export const asyncDispose: typeof Symbol.asyncDispose =
  Symbol.asyncDispose ?? (Symbol.for('Symbol.asyncDispose') as typeof Symbol.asyncDispose)
