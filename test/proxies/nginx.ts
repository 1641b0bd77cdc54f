import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { adapted, advised, type Front, type Ground, PROGRAMS, recipe, startFront } from './front'

export const hasNginx = Bun.which('nginx', { PATH: PROGRAMS }) !== null

/** nginx by the recipe. */
export function nginx(upstream: string): Promise<Front> {
  return start(
    'https',
    recipeFor(upstream, ({ port }) => `listen 127.0.0.1:${port} ssl;`),
  )
}

/** nginx by the recipe, with HTTP/2 as the guide says. */
export function nginxWithHttp2(upstream: string): Promise<Front> {
  const line = advised('listen 443 ssl http2;')
  return start(
    'https',
    recipeFor(upstream, ({ port }) => line.replace('443', `127.0.0.1:${port}`)),
  )
}

/** nginx for the bare domain of a homeserver, on plain HTTP, by its recipe. */
export function bareDomainNginx(upstream: string): Promise<Front> {
  const location = adapted(recipe('nginx', 'matrix.md'), [['127.0.0.1:8080', upstream]])
  return start('http', ({ port }) => `server { listen 127.0.0.1:${port}; ${location} }`)
}

/** nginx as it is often configured, on plain HTTP, with these lines in its `location`. */
export function carelessNginx(
  upstream: string,
  lines: readonly string[],
  { path = '', below = '/' }: { readonly path?: string; readonly below?: string } = {},
): Promise<Front> {
  return start(
    'http',
    ({ port }) => `server {
      listen 127.0.0.1:${port};
      location ${below} {
        proxy_pass http://${upstream}${path};
        ${lines.join('\n        ')}
      }
    }`,
  )
}

function recipeFor(upstream: string, listen: (ground: Ground) => string) {
  return (ground: Ground) =>
    adapted(recipe('nginx'), [
      ['listen 443 ssl;', listen(ground)],
      ['server_name chat.example.org;', 'server_name localhost;'],
      ['/etc/letsencrypt/live/chat.example.org/fullchain.pem', ground.cert],
      ['/etc/letsencrypt/live/chat.example.org/privkey.pem', ground.key],
      ['127.0.0.1:8080', upstream],
    ])
}

function start(scheme: 'http' | 'https', site: (ground: Ground) => string): Promise<Front> {
  return startFront('nginx', scheme, (ground) => {
    const { folder } = ground
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `${name}_temp_path ${folder}/${name};`,
    )
    const file = join(folder, 'nginx.conf')
    writeFileSync(
      file,
      `daemon off;
master_process off;
pid ${folder}/pid;
error_log stderr notice;
events {}
http {
  access_log off;
  ${temporary.join('\n  ')}
  ${site(ground)}
}
`,
    )
    return {
      command: ['/usr/sbin/nginx', '-p', folder, '-c', file, '-e', 'stderr'],
      ready: 'getrlimit(RLIMIT_NOFILE)',
      endBy: 'QUIT',
    }
  })
}
