import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']

/** Runs openssl and waits for its end. */
export function openssl(...words: string[]): void {
  const { exitCode, stderr } = Bun.spawnSync(['openssl', ...words], { stderr: 'pipe' })
  if (exitCode !== 0) throw new Error(stderr.toString())
}

/** A self-signed certificate for localhost and 127.0.0.1, with its key, in the folder. */
export function selfSigned(folder: string, name = 'tls', days = 2): { cert: string; key: string } {
  const cert = join(folder, `${name}-cert.pem`)
  const key = join(folder, `${name}-key.pem`)
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
  openssl('req', '-x509', ...EC, '-nodes', '-keyout', key, '-out', cert, '-days', String(days), ...subject)
  return { cert, key }
}

/** A certificate for localhost from an intermediate of an unknown root, each in a file. */
export function issued(folder: string): { cert: string; key: string; intermediate: string } {
  const at = (name: string) => join(folder, name)
  const issue = (name: string, by: string | undefined, extensions: string) => {
    writeFileSync(at(`${name}.ext`), extensions)
    openssl(
      'req',
      ...EC,
      '-nodes',
      '-keyout',
      at(`${name}.key`),
      '-out',
      at(`${name}.csr`),
      '-subj',
      `/CN=${name}`,
    )
    const signer =
      by === undefined
        ? ['-signkey', at(`${name}.key`)]
        : ['-CA', at(`${by}.pem`), '-CAkey', at(`${by}.key`), '-CAcreateserial']
    openssl(
      'x509',
      '-req',
      '-in',
      at(`${name}.csr`),
      '-out',
      at(`${name}.pem`),
      '-days',
      '40',
      '-extfile',
      at(`${name}.ext`),
      ...signer,
    )
  }
  issue('root', undefined, 'basicConstraints=CA:TRUE')
  issue('intermediate', 'root', 'basicConstraints=CA:TRUE')
  issue('leaf', 'intermediate', 'subjectAltName=DNS:localhost,IP:127.0.0.1')
  return { cert: at('leaf.pem'), key: at('leaf.key'), intermediate: at('intermediate.pem') }
}

/** The same pair with a certificate that expired a day ago. */
export function expired(folder: string): { cert: string; key: string } {
  const { cert, key } = selfSigned(folder, 'expired')
  const request = join(folder, 'expired.csr')
  openssl('req', '-new', '-key', key, '-out', request, '-subj', '/CN=localhost')
  openssl('x509', '-req', '-in', request, '-signkey', key, '-days', '-1', '-out', cert)
  return { cert, key }
}

/** Certificates signed by a new authority; all files are in the folder. */
export interface Authority {
  /** The path of the authority's certificate. */
  readonly root: string
  /** A certificate for a subject, with names such as `DNS:localhost`; with fewer than 0 days it has expired. */
  sign(subject: string, options?: { names?: string; days?: number }): { cert: string; key: string }
}

export function authority(folder: string, name = 'ca'): Authority {
  const [root, rootKey] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)]
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  openssl('req', '-x509', ...curve, '-keyout', rootKey, '-out', root, '-days', '2', '-subj', `/CN=${name}`)
  let signed = 0
  return {
    root,
    sign: (subject, { names, days = 2 } = {}) => {
      const file = join(folder, `${name}-${++signed}`)
      const [cert, key, request] = [`${file}.crt`, `${file}.key`, `${file}.csr`]
      const alternative = names === undefined ? [] : ['-addext', `subjectAltName=${names}`]
      openssl(
        'req',
        '-new',
        ...curve,
        '-keyout',
        key,
        '-out',
        request,
        '-subj',
        `/CN=${subject}`,
        ...alternative,
      )
      const by = ['-CA', root, '-CAkey', rootKey, '-CAcreateserial', '-copy_extensions', 'copy']
      openssl('x509', '-req', '-in', request, ...by, '-days', String(days), '-out', cert)
      return { cert, key }
    },
  }
}
