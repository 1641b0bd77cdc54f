import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { adapted, type Front, type Ground, PROGRAMS, recipe, startFront } from './front'

export const hasHaproxy = Bun.which('haproxy', { PATH: PROGRAMS }) !== null

/** The beginning of Debian's own configuration. */
const DEFAULTS = `defaults
  mode http
  option dontlognull
  timeout connect 5000
  timeout client 50000
  timeout server 50000
`

/** HAProxy by the recipe. */
export function haproxy(upstream: string): Promise<Front> {
  return start('https', ({ folder, port, cert, key }) => {
    const both = join(folder, 'both.pem')
    writeFileSync(both, readFileSync(cert, 'utf8') + readFileSync(key, 'utf8'))
    return adapted(recipe('haproxy'), [
      ['bind :443 ', `bind 127.0.0.1:${port} `],
      ['/etc/haproxy/chat.example.org.pem', both],
      ['127.0.0.1:8080', upstream],
    ])
  })
}

/** HAProxy on plain HTTP with these lines in its backend. */
export function carelessHaproxy(upstream: string, lines: readonly string[]): Promise<Front> {
  return start(
    'http',
    ({ port }) => `
frontend careless
  bind 127.0.0.1:${port}
  default_backend careless
backend careless
  ${lines.join('\n  ')}
  server synapse ${upstream}
`,
  )
}

function start(scheme: 'http' | 'https', site: (ground: Ground) => string): Promise<Front> {
  return startFront('haproxy', scheme, (ground) => {
    const file = join(ground.folder, 'haproxy.cfg')
    writeFileSync(file, `${DEFAULTS}\n${site(ground)}`)
    // With a master process, which alone tells when everything listens.
    return {
      command: ['/usr/sbin/haproxy', '-W', '-db', '-f', file],
      ready: 'Loading success.',
      endBy: 'TERM',
    }
  })
}
