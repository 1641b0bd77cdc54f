import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { adapted, type Front, type Ground, recipe, startFront } from './front'

export const hasCaddy = Bun.which('caddy') !== null

/** Caddy by the recipe, with a certificate that the test trusts. */
export function caddy(upstream: string): Promise<Front> {
  return start('https', ({ port, cert, key }) =>
    adapted(recipe('caddyfile'), [
      ['chat.example.org {', `https://localhost:${port} {\n\tbind 127.0.0.1\n\ttls ${cert} ${key}`],
      ['127.0.0.1:8080', upstream],
    ]),
  )
}

/** Caddy for the bare domain of a homeserver, on plain HTTP, by its recipe. */
export function bareDomainCaddy(upstream: string): Promise<Front> {
  return start('http', ({ port }) =>
    adapted(recipe('caddyfile', 'matrix.md'), [
      ['example.org {', `http://localhost:${port} {\n\tbind 127.0.0.1`],
      ['127.0.0.1:8080', upstream],
    ]),
  )
}

/** Caddy on plain HTTP with these lines in its site. */
export function carelessCaddy(lines: readonly string[]): Promise<Front> {
  return start('http', ({ port }) => `http://localhost:${port} {\n\tbind 127.0.0.1\n${lines.join('\n')}\n}\n`)
}

function start(scheme: 'http' | 'https', site: (ground: Ground) => string): Promise<Front> {
  return startFront('caddy', scheme, (ground) => {
    const { folder } = ground
    const file = join(folder, 'Caddyfile')
    writeFileSync(file, `{\n\tadmin off\n\tauto_https disable_redirects\n}\n${site(ground)}`)
    return {
      command: ['caddy', 'run', '--config', file, '--adapter', 'caddyfile'],
      env: { HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
      ready: 'serving initial configuration',
      endBy: 'QUIT',
    }
  })
}
