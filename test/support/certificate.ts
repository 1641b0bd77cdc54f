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
