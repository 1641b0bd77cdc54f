import { isIP } from 'node:net'
import { connect } from 'node:tls'
import { type Finding, fail } from './check'

const ANSWER_WITHIN_MS = 3000

/** The certificate that an address shows to every client. */
export interface ShownCertificate {
  readonly fingerprint: string
  readonly begins: string
  readonly ends: string
}

/** Reads the certificate at an https URL without trusting it; undefined if there is none. */
export async function shownAt(url: string): Promise<ShownCertificate | undefined> {
  const { hostname, port } = new URL(url)
  const { promise, resolve } = Promise.withResolvers<ShownCertificate | undefined>()
  const host = hostname.replace(/^\[|\]$/g, '')
  // An IP address is not a server name (RFC 6066 §3).
  const name = isIP(host) === 0 ? { servername: host } : {}
  const options = { host, port: Number(port || '443'), rejectUnauthorized: false, ...name }
  const socket = connect(options, () => {
    const { fingerprint256, valid_from, valid_to } = socket.getPeerCertificate()
    resolve({ fingerprint: fingerprint256, begins: valid_from, ends: valid_to })
  })
  socket.on('error', () => resolve(undefined))
  socket.setTimeout(ANSWER_WITHIN_MS, () => resolve(undefined))
  const shown = await promise
  socket.destroy()
  return shown
}

/** Reports whether an error code means that a certificate was not trusted. */
function isUntrusted(code: string): boolean {
  return /CERT|SIGNATURE|SIGNED|ISSUER/.test(code)
}

/** Explains an error of a connection if the certificate is its cause; otherwise undefined. */
export async function distrust(url: string, code: string): Promise<Finding | undefined> {
  if (!isUntrusted(code)) return undefined
  // An untrusted certificate may have expired as well; trusting its root does not help then.
  const shown = await shownAt(url)
  const now = Date.now()
  if (shown !== undefined && Date.parse(shown.ends) < now)
    return fail(
      `the certificate of ${url} has expired on ${shown.ends} (${code})`,
      'renew it on the machine that serves it, and reload the program there',
    )
  if (shown !== undefined && Date.parse(shown.begins) > now)
    return fail(
      `the certificate of ${url} is not valid before ${shown.begins} (${code})`,
      'correct the clock of this machine (timedatectl set-ntp true), or wait',
    )
  if (/LEAF|ISSUER/.test(code))
    return fail(
      `the certificate of ${url} is not trusted on this machine: it is sent without its issuer, or its root is unknown here (${code})`,
      'serve the whole chain there (certbot: fullchain.pem); for your own root: trust it here, or start clients with NODE_EXTRA_CA_CERTS=<its root>.pem',
    )
  return fail(
    `the certificate of ${url} is not trusted on this machine (${code})`,
    'trust its root here, or start doctor and clients with NODE_EXTRA_CA_CERTS=<its root>.pem',
  )
}
