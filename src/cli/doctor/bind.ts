import { addressClass } from '../../home/index'
import { type Check, pass, warn } from './check'

/** Whether tokens travel where others can read them. */
export const bind: Check = {
  name: 'bind',
  look({ config, state }) {
    const urls =
      state.kind === 'running'
        ? state.run.urls
        : config.hosts.map((host) => `http://${urlHost(host)}:${config.port}`)
    const open = urls.filter((url) => url.startsWith('http:') && !isLoopback(url))
    if (open.length === 0) return [pass(urls.join(', ') || 'nowhere yet')]
    if (config.settings.base_url?.startsWith('https:'))
      return [pass(`${open.join(', ')}, behind a TLS proxy`)]
    return [
      warn(
        `tokens travel unencrypted to ${open.join(', ')}`,
        'put Caddy or a private network in front: docs/install.md, then set SYNAPSE_BASE_URL=https://…',
      ),
    ]
  },
}

function urlHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

function isLoopback(url: string): boolean {
  const host = URL.parse(url)?.hostname ?? ''
  return host === 'localhost' || addressClass(host.replace(/^\[|\]$/g, '')) === 'loopback'
}
