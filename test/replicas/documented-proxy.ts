/** The documented Caddyfile of several replicas, run by a real Caddy. */
import { join } from 'node:path'
import { temporaryDirectory } from '../home/temporary'
import { until } from '../support/sockets'
import { freePort } from '../support/supervised'

export const caddyMissing = Bun.which('caddy') === null

const CADDYFILE = join(import.meta.dir, '../../docs/deploy/Caddyfile.replicas')

/** Starts it in front of these servers, in plain HTTP on a free port. */
export async function startProxy(upstreams: readonly string[]) {
  const home = temporaryDirectory()
  const url = `http://127.0.0.1:${freePort()}`
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: home.path,
    XDG_DATA_HOME: home.path,
    XDG_CONFIG_HOME: home.path,
    SYNAPSE_DOMAIN: url,
    SYNAPSE_UPSTREAMS: upstreams.map((upstream) => new URL(upstream).host).join(' '),
  }
  const adapted = Bun.spawnSync(['caddy', 'adapt', '--config', CADDYFILE, '--adapter', 'caddyfile'], { env })
  // Only Caddy's own administration differs here, because its port may be taken.
  const config = { ...JSON.parse(adapted.stdout.toString()), admin: { disabled: true } }
  const child = Bun.spawn(['caddy', 'run', '--config', '-'], {
    env,
    stdin: new Blob([JSON.stringify(config)]),
    stdout: 'ignore',
    stderr: 'ignore',
  })
  const stop = async () => {
    child.kill()
    await child.exited
    home[Symbol.dispose]()
  }
  try {
    await until(
      'the proxy',
      () =>
        fetch(`${url}/readyz`).then(
          ({ ok }) => ok,
          () => false,
        ),
      10_000,
    )
  } catch (error) {
    await stop()
    throw error
  }
  return { url, [Symbol.asyncDispose]: stop }
}
