import { join } from 'node:path'

/** A certificate for localhost and 127.0.0.1 that signs itself, with its key, in the folder. */
export function selfSigned(folder: string, name = 'tls', days = 2): { cert: string; key: string } {
  const cert = join(folder, `${name}-cert.pem`)
  const key = join(folder, `${name}-key.pem`)
  const words = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
  const made = Bun.spawnSync(
    ['openssl', ...words, '-keyout', key, '-out', cert, '-days', String(days), ...subject],
    { stderr: 'pipe' },
  )
  if (made.exitCode !== 0) throw new Error(made.stderr.toString())
  return { cert, key }
}

/** Certificates that an authority of its own signs; everything lies in the folder. */
export interface Authority {
  /** The path of its certificate. */
  readonly root: string
  /** One for a subject, with alternative names such as `DNS:localhost`; with fewer than 0 days it has ended. */
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

function openssl(...words: string[]): void {
  const made = Bun.spawnSync(['openssl', ...words], { stderr: 'pipe' })
  if (made.exitCode !== 0) throw new Error(made.stderr.toString())
}
