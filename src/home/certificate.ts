import { X509Certificate } from 'node:crypto'
import { getCACertificates } from 'node:tls'
import type { TlsPair } from './tls'

const DAY_MILLISECONDS = 86_400_000
/** A certificate with fewer days left is reported. */
const SOON_DAYS = 14
/** Certificates valid for at most this long are renewed more often, and have a limit of their own. */
const SHORT_LIVED_DAYS = 31
const SHORT_SOON_DAYS = 3

/** A problem of a certificate that clients notice now or will notice soon. */
export interface CertificateRemark {
  /** True if clients refuse the certificate now. */
  readonly isBroken: boolean
  readonly problem: string
  readonly remedy: string
}

const RENEW = 'renew it: the server takes the new files up by itself'

/** Returns when the certificate expires. */
export function endOf({ chain: [own] }: TlsPair): Date {
  return new Date(own.validTo)
}

/** Returns the whole days until the certificate expires; negative after that. */
export function daysLeft(pair: TlsPair, now = Date.now()): number {
  return Math.floor((endOf(pair).getTime() - now) / DAY_MILLISECONDS)
}

/** Returns the problems of a certificate that can be served. `path` is its file, for the messages. */
export function remarksOn(pair: TlsPair, path: string, now = Date.now()): CertificateRemark[] {
  return [...validityRemarks(pair, path, now), ...chainRemarks(pair, path)]
}

/** Checks that the certificate is valid now and does not expire soon. */
export function validityRemarks(pair: TlsPair, path: string, now: number): CertificateRemark[] {
  const [own] = pair.chain
  const begins = Date.parse(own.validFrom)
  const ends = endOf(pair).getTime()
  if (ends < now)
    return [
      { isBroken: true, problem: `the certificate ${path} has expired on ${own.validTo}`, remedy: RENEW },
    ]
  if (begins > now)
    return [
      {
        isBroken: true,
        problem: `the certificate ${path} is not valid before ${own.validFrom}`,
        remedy: 'check the clock of this machine, or wait',
      },
    ]
  const isShort = ends - begins <= SHORT_LIVED_DAYS * DAY_MILLISECONDS
  const days = daysLeft(pair, now)
  if (days >= (isShort ? SHORT_SOON_DAYS : SOON_DAYS)) return []
  return [
    {
      isBroken: false,
      problem: `the certificate ${path} ends ${inDays(days)}, on ${own.validTo}`,
      remedy: RENEW,
    },
  ]
}

function inDays(days: number): string {
  if (days === 0) return 'within a day'
  return days === 1 ? 'in 1 day' : `in ${days} days`
}

/** Checks that clients can build the chain from the certificate to a root that they trust. */
export function chainRemarks({ chain }: TlsPair, path: string): CertificateRemark[] {
  const stray = chain.findIndex((one, place) => {
    const next = chain[place + 1]
    return next !== undefined && !one.checkIssued(next)
  })
  if (stray !== -1)
    return [
      {
        isBroken: false,
        problem: `in ${path} certificate ${stray + 2} did not issue certificate ${stray + 1}: clients may not find the way to a root`,
        remedy: 'put them in order: the server first, then the one that issued it, and so on',
      },
    ]
  const [own, ...others] = chain
  if (others.length > 0 || own.issuer === own.subject || isRoot(own.issuer)) return []
  const issuer = own.issuer.split('\n').at(-1) ?? own.issuer
  return [
    {
      isBroken: false,
      problem: `the chain is missing in ${path}: it holds the certificate of the server alone, and its issuer (${issuer}) is no root that this machine knows`,
      remedy:
        'append the certificate of the issuer to the file, or name the one with the whole chain (certbot: fullchain.pem)',
    },
  ]
}

/** Reports whether a root with this subject is trusted by this machine or built into this program. */
function isRoot(subject: string): boolean {
  const roots = new Set([...getCACertificates('default'), ...getCACertificates('system')])
  return [...roots].some((pem) => {
    try {
      return new X509Certificate(pem).subject === subject
    } catch {
      return false
    }
  })
}
