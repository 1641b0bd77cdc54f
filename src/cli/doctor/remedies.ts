/** What a proxy changes about a request, or does not pass on. */
export type Problem = 'host' | 'path' | 'stream' | 'socket' | 'client'

/** The kind of proxy, by the headers of its answers. HAProxy and others do not identify themselves. */
export type Relay = 'nginx' | 'caddy' | 'unknown'

/** Returns the kind of the proxy; of the outermost one if there are several. */
export function relayOf(headers: Headers): Relay {
  const server = headers.get('server') ?? ''
  if (/^nginx\b/i.test(server)) return 'nginx'
  return /^caddy\b/i.test(server) || /\bcaddy\b/i.test(headers.get('via') ?? '') ? 'caddy' : 'unknown'
}

const REMEDIES: Readonly<Record<Problem, Readonly<Record<Exclude<Relay, 'unknown'> | 'haproxy', string>>>> = {
  host: {
    nginx: 'proxy_set_header Host $http_host',
    caddy: 'no header_up Host',
    haproxy: 'no http-request set-header Host',
  },
  path: {
    nginx: 'proxy_pass without a path, not even a slash, behind the port',
    caddy: 'no handle_path, rewrite or uri around reverse_proxy',
    haproxy: 'no http-request set-path, replace-path or normalize-uri',
  },
  stream: {
    nginx: 'proxy_buffering off, and no gzip of text/event-stream',
    caddy: 'no buffering of responses in reverse_proxy, and no encode of text/event-stream',
    haproxy: 'no http-response wait-for-body, and no compression of text/event-stream',
  },
  socket: {
    nginx: 'proxy_set_header Upgrade and Connection',
    caddy: 'no header_up Upgrade or Connection',
    haproxy: 'no http-request del-header Upgrade or Connection',
  },
  client: {
    nginx: 'proxy_set_header X-Forwarded-For $remote_addr',
    caddy: 'no header_up X-Forwarded-For',
    haproxy: 'http-request set-header X-Forwarded-For %[src]',
  },
}

/** Returns the line of the proxy's configuration to check; for an unknown proxy, that of each known kind. */
export function remedy(problem: Problem, proxy: Relay): string {
  const { nginx, caddy, haproxy } = REMEDIES[problem]
  switch (proxy) {
    case 'nginx':
      return `nginx: ${nginx}`
    case 'caddy':
      return `Caddy: ${caddy}`
    case 'unknown':
      return `nginx: ${nginx}; HAProxy: ${haproxy}`
  }
}
