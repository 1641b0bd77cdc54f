/** How long something took, in milliseconds. */
export interface Waits {
  readonly p50: number
  readonly p99: number
  readonly worst: number
  readonly count: number
}

export interface Taken {
  /** How long other clients waited for the server, by name of the question. */
  readonly waits: Readonly<Record<string, Waits>>
  /** How late the timers of the probe were: the part of the waits that the client causes. */
  readonly timer: Waits
  /** Answers over HTTP other than 200. */
  readonly refused: number
}

/** What a probe asks repeatedly, on a connection of its own. */
export type Question = { readonly name: string } & (
  | { readonly request: string }
  /** A frame on a WebSocket, and the start of the frame that answers it. */
  | { readonly frame: string; readonly answer: string; readonly path: string; readonly headers: string }
)

export interface Schedule {
  readonly port: number
  /** Asked one after another, spread evenly over the interval. */
  readonly questions: readonly Question[]
  readonly everyMilliseconds: number
}

export const HEALTHZ: Question = {
  name: '/healthz',
  request: 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n',
}

/**
 * Other clients of the server, on a thread of their own. They ask on a schedule that does not depend on the answers, and
 * every wait begins at the scheduled time, so a server that stalls is charged for each question of the stall. A question
 * that falls due while the one before it is not answered is asked after that answer, together with all that fell due
 * meanwhile.
 */
export class Probe implements Disposable {
  private readonly worker = new Worker(new URL('./probe-worker.ts', import.meta.url))

  constructor(schedule: Schedule) {
    this.worker.postMessage(schedule)
  }

  /**
   * What was measured since the last call, including what is not answered yet; undefined when that is not answered in
   * time.
   */
  async take(patienceMilliseconds: number): Promise<Taken | undefined> {
    const { promise, resolve } = Promise.withResolvers<Taken | undefined>()
    const patience = setTimeout(() => resolve(undefined), patienceMilliseconds)
    this.worker.onmessage = ({ data }: MessageEvent<Taken>) => resolve(data)
    this.worker.postMessage('take')
    const taken = await promise
    clearTimeout(patience)
    return taken
  }

  [Symbol.dispose](): void {
    this.worker.terminate()
  }
}
