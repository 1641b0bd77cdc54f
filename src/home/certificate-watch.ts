import { statSync } from 'node:fs'
import { OperatorError } from '../core/kernel/operator-error'
import { type CertificateRemark, chainRemarks, endOf, validityRemarks } from './certificate'
import { readTls, type TlsFiles, type TlsPair } from './tls'

const EVERY_MILLISECONDS = 5000

export interface CertificateWatchDeps {
  readonly files: TlsFiles
  /** The pair that is served at the start. */
  readonly pair: TlsPair
  /** Makes new connections use the current pair. */
  readonly renew: () => void
  readonly say: (level: 'info' | 'warning' | 'error', message: string, facts: object) => void
  readonly report: (fault: unknown) => void
  readonly now?: () => number
}

/**
 * Watches the files of a certificate, and serves a new one if it is valid; otherwise the previous one stays, and the log
 * says why. Also warns once a day of a certificate that expires soon.
 */
export class CertificateWatch implements Disposable {
  private pair: TlsPair
  private seen: string
  /** How many times in a row the files could not be used. */
  private failures = 0
  private said = new Set<string>()
  /** Computed once per certificate, because it searches all root certificates. */
  private chain: readonly CertificateRemark[]
  private readonly timer: Timer

  constructor(private readonly deps: CertificateWatchDeps) {
    this.pair = deps.pair
    this.chain = chainRemarks(deps.pair, deps.files.cert)
    this.seen = stateOf(deps.files)
    this.remark()
    this.timer = setInterval(() => this.look(), EVERY_MILLISECONDS)
    this.timer.unref()
  }

  /** The pair for new connections. */
  get current(): { cert: string; key: string } {
    const { cert, key } = this.pair
    return { cert, key }
  }

  get ends(): Date {
    return endOf(this.pair)
  }

  /** Checks the files now. A timer calls it every five seconds. */
  look(): void {
    const state = stateOf(this.deps.files)
    if (state !== this.seen) this.failures = 0
    // The two files are not replaced in one step, so a mismatch is checked once more.
    if (state !== this.seen || this.failures === 1) this.take()
    this.seen = state
    this.remark()
  }

  [Symbol.dispose](): void {
    clearInterval(this.timer)
  }

  private take(): void {
    const { files, renew, say } = this.deps
    const before = this.pair
    try {
      this.pair = readTls(files)
      this.failures = 0
      if (this.pair.cert === before.cert && this.pair.key === before.key) return
      this.chain = chainRemarks(this.pair, files.cert)
      renew()
      say('info', 'the certificate was replaced', { ends: this.ends.toISOString() })
    } catch (fault) {
      if (fault instanceof OperatorError) this.refuse(fault)
      else this.deps.report(fault)
    }
  }

  private refuse({ problem, remedy }: OperatorError): void {
    this.failures++
    if (this.failures < 2) return
    this.deps.say(
      'error',
      `the new certificate cannot be used, and the previous one is still served: ${problem}`,
      {
        remedy,
        served_until: this.ends.toISOString(),
      },
    )
  }

  private remark(): void {
    const { files, now, say } = this.deps
    const remarks = [...validityRemarks(this.pair, files.cert, now?.() ?? Date.now()), ...this.chain]
    for (const { isBroken, problem, remedy } of remarks)
      if (!this.said.has(problem)) say(isBroken ? 'error' : 'warning', problem, { remedy })
    this.said = new Set(remarks.map(({ problem }) => problem))
  }
}

function stateOf({ cert, key }: TlsFiles): string {
  return [cert, key]
    .map((path) => {
      try {
        const { ino, size, mtimeMs } = statSync(path)
        return `${ino} ${size} ${mtimeMs}`
      } catch {
        return 'missing'
      }
    })
    .join(', ')
}
