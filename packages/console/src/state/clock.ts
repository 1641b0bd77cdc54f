/** What the state knows of time: milliseconds since 1970, and acts after a while. */
export interface Clock {
  now(): number
  /** Acts once after so many milliseconds. Returns what cancels it. */
  after(milliseconds: number, act: () => void): () => void
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (milliseconds, act) => {
    const timer = setTimeout(act, milliseconds)
    return () => clearTimeout(timer)
  },
}

export const SECOND = 1000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
