import type { Config } from '../../config'
import { isLoopbackUrl, urlHost } from '../../home'
import { type Check, pass, warn } from './check'

/** Checks that tokens do not travel unencrypted over a network. */
export const bind: Check = {
  name: 'bind',
  look({ config, state, settings }) {
    const urls =
      state.kind === 'running'
        ? state.run.urls
        : hostsOf(config).map((host) => `${config.tls ? 'https' : 'http'}://${urlHost(host)}:${config.port}`)
    const open = urls.filter((url) => url.startsWith('http:') && !isLoopbackUrl(url))
    if (open.length === 0) return [pass(urls.join(', ') || 'not listening yet')]
    const publicUrl = settings.get('base_url')
    if (typeof publicUrl === 'string' && publicUrl.startsWith('https:'))
      return [pass(`${open.join(', ')}, behind a TLS proxy`)]
    return [
      warn(
        `tokens travel unencrypted to ${open.join(', ')}`,
        'put Caddy or a private network in front: docs/install.md, then set SYNAPSE_BASE_URL=https://…; or --tls-cert and --tls-key',
      ),
    ]
  },
}

function hostsOf({ hosts, lan }: Config): readonly string[] {
  return lan ? ['0.0.0.0'] : hosts
}
