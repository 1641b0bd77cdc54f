import { statSync } from 'node:fs'
import { OperatorError } from '../core/kernel/operator-error'
import { type CertificateRemark, chainRemarks, endOf, validityRemarks } from './certificate'
import { readTls, type TlsFiles, type TlsPair } from './tls'

const EVERY_MILLISECONDS = 5000

export interface CertificateWatchDeps {
  readonly files: TlsFiles
  /** What is served already. */
  readonly pair: TlsPair
  /** Has new connections be given the pair that is now the current one. */
  readonly renew: () => void
  readonly say: (level: 'info' | 'warning' | 'error', message: string, facts: object) => void
  readonly report: (fault: unknown) => void
  readonly now?: () => number
}

/**
 * Sees that the files of a certificate change, and has the new one served when it fits; else the one before stays, and
 * the log says why. Also says how long a certificate that ends soon is still good, once a day.
 */
export class CertificateWatch implements Disposable {
  private pair: TlsPair
  private seen: string
  /** How often this state of the files could not be used. */
  private failures = 0
  private said = new Set<string>()
  /** Found once for each certificate, because roots without number are looked through. */
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

  /** The pair that new connections are given. */
  get current(): { cert: string; key: string } {
    const { cert, key } = this.pair
    return { cert, key }
  }

  get ends(): Date {
    return endOf(this.pair)
  }

  /** Looks now; it does so by itself every five seconds. */
  look(): void {
    const state = stateOf(this.deps.files)
    if (state !== this.seen) this.failures = 0
    // Two files are not replaced in one step: what did not fit is looked at once more.
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
    this.deps.say('error', `the new certificate is not served, the one before is: ${problem}`, {
      remedy,
      served_until: this.ends.toISOString(),
    })
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
