/** What a proxy needs to know of the homeserver. */
export interface Site {
  readonly serverName: string
  /** Host of the address of the homeserver, with its port if it has one; null while it is not set. */
  readonly host: string | null
  /** Where the proxy reaches the server. */
  readonly upstream: string
  readonly maxBytes: number
}

const PREFIXES = ['/.well-known/matrix', '/_matrix', '/_synapse']
const MEBIBYTE = 1_048_576
/** What a body may have besides a file. */
const HEADROOM_MB = 14

/** Where other homeservers look if they find no `/.well-known/matrix/server`. */
const FEDERATION_PORT = 8448

function namesOf({ serverName }: Site): string {
  return [...new Set([serverName, `${hostOf(serverName)}:${FEDERATION_PORT}`])].join(', ')
}

function hostOf(name: string): string {
  return name.replace(/:\d+$/, '')
}

/** The limit for bodies, in megabytes. */
function megabytes({ maxBytes }: Site): number {
  return Math.ceil(maxBytes / MEBIBYTE) + HEADROOM_MB
}

/** Returns the name of the homeserver's own host; undefined where it has the same as the server name. */
function ownHost({ host, serverName }: Site): string | undefined {
  return host === null || host === serverName ? undefined : host
}

/** Lines for a Caddyfile. Caddy passes encoded characters and long waits on as they are. */
export function caddySnippet(site: Site): string {
  const own = ownHost(site)
  const body = `request_body {\n\t\tmax_size ${megabytes(site)}MB\n\t}`
  const paths = PREFIXES.map((prefix) => `${prefix}/*`).join(' ')
  const bare = `${namesOf(site)} {
	${body}
	@matrix path ${paths}
	handle @matrix {
		reverse_proxy ${site.upstream}
	}
	# What else is on this domain follows here.
}
`
  if (own === undefined)
    return site.host === null ? bare : `${namesOf(site)} {\n\t${body}\n\treverse_proxy ${site.upstream}\n}\n`
  return `${own} {\n\t${body}\n\treverse_proxy ${site.upstream}\n}\n\n${bare}`
}

/** Blocks for nginx. A slash or a path after the address in `proxy_pass` would decode paths. */
export function nginxSnippet(site: Site): string {
  const own = ownHost(site)
  const whole = site.host !== null && own === undefined
  const map = "map $http_upgrade $synapse_connection { default upgrade; '' ''; }\n"
  const bare = server(site, site.serverName, whole ? '/' : `~ ^(?:${PREFIXES.map(escaped).join('|')})/`)
  return `${map}${own === undefined ? '' : server(site, own, '/')}${bare}`
}

function escaped(prefix: string): string {
  return prefix.replaceAll('.', '\\.')
}

function server(site: Site, name: string, location: string): string {
  const host = hostOf(name)
  const listen = name === site.serverName ? `\n  listen ${FEDERATION_PORT} ssl;` : ''
  return `server {
  listen 443 ssl;${listen}
  server_name ${host};
  ssl_certificate     /etc/letsencrypt/live/${host}/fullchain.pem;
  ssl_certificate_key /etc/letsencrypt/live/${host}/privkey.pem;
  client_max_body_size ${megabytes(site)}m;
  location ${location} {
    proxy_pass http://${site.upstream};          # no trailing slash, no path
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $synapse_connection;
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_buffering off;
    proxy_request_buffering off;
    proxy_read_timeout 3600s;
    proxy_send_timeout 3600s;
  }
}
`
}
