/** How long others waited for the server in the meantime, in milliseconds. */
export interface Waits {
  readonly worst: number
  readonly p99: number
  readonly count: number
}

/** Another client of the server, which asks for /healthz every 2 ms. */
export class Probe implements Disposable {
  private readonly worker = new Worker(new URL('./probe-worker.ts', import.meta.url))

  constructor(port: number) {
    this.worker.postMessage({ port })
  }

  /**
   * What was waited since the last call, with the request that is still waiting; undefined when that is not answered in
   * time.
   */
  async take(patienceMilliseconds: number): Promise<Waits | undefined> {
    const taken = new Promise<Waits>((resolve) => {
      this.worker.onmessage = ({ data }: MessageEvent<Waits>) => resolve(data)
      this.worker.postMessage('take')
    })
    return await Promise.race([taken, Bun.sleep(patienceMilliseconds).then(() => undefined)])
  }

  [Symbol.dispose](): void {
    this.worker.terminate()
  }
}
