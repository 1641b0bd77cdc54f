/** Real proxies in front of a server: the recipes of docs/operating.md, with the names and ports of a test in them. */
import { mkdtempSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { selfSigned } from '../support/certificate'
import { freePort, Supervised } from '../support/supervised'

const GUIDE = join(import.meta.dir, '../../docs/operating.md')

export const hasNginx = Bun.which('nginx', { PATH: `${process.env.PATH}:/usr/sbin` }) !== null
export const hasCaddy = Bun.which('caddy') !== null

/** A proxy that runs. */
export interface Front extends AsyncDisposable {
  readonly origin: string
  /** The certificate that its clients have to trust; undefined for plain HTTP. */
  readonly ca: string | undefined
  /** The file with that certificate. */
  readonly caFile: string | undefined
}

/** The block of the guide that is written in this language. */
function recipe(language: string): string {
  const text = readFileSync(GUIDE, 'utf8')
  const block = new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(text)?.[1]
  if (block === undefined) throw new Error(`the guide has no recipe in ${language}`)
  return block
}

/** What a recipe becomes in a test; fails where the recipe no longer says what is replaced. */
function adapted(text: string, changes: readonly (readonly [from: string, to: string])[]): string {
  return changes.reduce((result, [from, to]) => {
    if (!result.includes(from)) throw new Error(`the recipe does not say ${from}`)
    return result.replaceAll(from, to)
  }, text)
}

/** nginx by the recipe. */
export function nginx(upstream: string): Promise<Front> {
  return startNginx((port, { cert, key }) =>
    adapted(recipe('nginx'), [
      ['listen 443 ssl;', `listen 127.0.0.1:${port} ssl;`],
      ['server_name chat.example.org;', 'server_name localhost;'],
      ['/etc/letsencrypt/live/chat.example.org/fullchain.pem', cert],
      ['/etc/letsencrypt/live/chat.example.org/privkey.pem', key],
      ['127.0.0.1:8080', upstream],
    ]),
  )
}

/** nginx as it is usually copied, on plain HTTP, with these lines in its `location`. */
export function carelessNginx(upstream: string, lines: readonly string[], path = ''): Promise<Front> {
  return startNginx(
    (port) => `server {
      listen 127.0.0.1:${port};
      location / {
        proxy_pass http://${upstream}${path};
        ${lines.join('\n        ')}
      }
    }`,
    'http',
  )
}

async function startNginx(
  site: (port: number, files: { cert: string; key: string }) => string,
  scheme: 'http' | 'https' = 'https',
): Promise<Front> {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'synapse-nginx-'))
  const files = selfSigned(folder)
  const port = freePort()
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  )
  const config = `daemon off;
master_process off;
pid ${folder}/pid;
error_log stderr notice;
events {}
http {
  access_log off;
  ${temporary.join('\n  ')}
  ${site(port, files)}
}
`
  writeFileSync(join(folder, 'nginx.conf'), config)
  const server = new Supervised({
    folder,
    command: ['/usr/sbin/nginx', '-p', folder, '-c', join(folder, 'nginx.conf'), '-e', 'stderr'],
    ready: 'getrlimit(RLIMIT_NOFILE)',
    endBy: 'QUIT',
  })
  return await front(server, `${scheme}://localhost:${port}`, scheme === 'https' ? files.cert : undefined)
}

/** Caddy by the recipe, with a certificate that the test knows. */
export async function caddy(upstream: string): Promise<Front> {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'synapse-caddy-'))
  const { cert, key } = selfSigned(folder)
  const port = freePort()
  const site = adapted(recipe('caddyfile'), [
    ['chat.example.org {', `https://localhost:${port} {\n\tbind 127.0.0.1\n\ttls ${cert} ${key}`],
    ['127.0.0.1:8080', upstream],
  ])
  const config = join(folder, 'Caddyfile')
  writeFileSync(config, `{\n\tadmin off\n\tauto_https disable_redirects\n}\n${site}`)
  const server = new Supervised({
    folder,
    command: ['caddy', 'run', '--config', config, '--adapter', 'caddyfile'],
    env: { HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
    ready: 'serving initial configuration',
    endBy: 'QUIT',
  })
  return await front(server, `https://localhost:${port}`, cert)
}

async function front(server: Supervised, origin: string, caFile: string | undefined): Promise<Front> {
  const ca = caFile === undefined ? undefined : readFileSync(caFile, 'utf8')
  await server.start()
  return { origin, ca, caFile, [Symbol.asyncDispose]: () => server.close() }
}
