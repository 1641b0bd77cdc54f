import { addressClass } from '../../home/index'
import { type Check, type Finding, fail, pass, skip, warn } from './check'
import type { Patient } from './patient'
import {
  type Echo,
  echoPath,
  echoThrough,
  type Silence,
  socketProblem,
  streamProblem,
  wellKnownProblem,
} from './round-trip'

const RECIPES = 'docs/operating.md, "Behind a proxy"'

/** Whether what is sent to the public address arrives here as it was sent. */
export const baseUrl: Check = {
  name: 'base_url',
  async look(patient) {
    const base = patient.settings.get('base_url')
    if (typeof base !== 'string') return [skip('no public address is set')]
    const path = await echoPath(patient)
    if (path === undefined) return [skip('no server runs that could be asked')]
    return throughAddress(base, path)
  },
}

/** What becomes of a request, a stream and a WebSocket between here and the server that answers on `path`. */
export async function throughAddress(base: string, path: string): Promise<Finding[]> {
  const echo = await echoThrough(base, path)
  if ('silence' in echo) return [unreachable(base, echo)]
  const [wellKnown, stream, socket] = await Promise.all([
    wellKnownProblem(base),
    streamProblem(base, path),
    socketProblem(base, path),
  ])
  const findings = [
    ...changed(base, path, echo),
    ...(wellKnown === undefined ? [] : [fail(wellKnown, `let the proxy pass dot-paths: ${RECIPES}`)]),
    ...(stream === undefined ? [] : [fail(stream, `nginx: proxy_buffering off; see ${RECIPES}`)]),
    ...(socket === undefined
      ? []
      : [fail(socket, `nginx: proxy_set_header Upgrade and Connection; see ${RECIPES}`)]),
  ]
  return findings.length > 0 ? findings : [pass(`${base} leads here, unchanged, with streams and WebSockets`)]
}

/** Whether the code of a fault says that a certificate was not believed. */
export function isUntrusted(code: string): boolean {
  return /CERT|SIGNATURE|SIGNED|ISSUER/.test(code)
}

function unreachable(base: string, { silence }: Silence): Finding {
  return isUntrusted(silence)
    ? fail(
        `the certificate of ${base} is not trusted on this machine (${silence})`,
        'trust its root here, or run doctor with NODE_EXTRA_CA_CERTS=<its root>.pem',
      )
    : fail(
        `${base} does not lead to this server: ${silence}`,
        `correct base_url, DNS or the proxy: ${RECIPES}`,
      )
}

function changed(base: string, path: string, echo: Echo): Finding[] {
  const { host } = new URL(base)
  const findings: Finding[] = []
  if (echo.authority !== host)
    findings.push(
      fail(
        `Host arrives as ${echo.authority ?? 'nothing'} instead of ${host}`,
        'nginx: proxy_set_header Host $http_host',
      ),
    )
  if (echo.path !== `${path}/a%2Fb` || echo.query !== '?c=%2Fd')
    findings.push(
      fail('the proxy decodes paths', 'nginx: proxy_pass without a path, not even a slash, behind the port'),
    )
  return findings
}

/** Whether the server sees who its clients are, or its proxy in their place. */
export const proxy: Check = {
  name: 'proxy',
  async look(patient) {
    const base = patient.settings.get('base_url')
    if (typeof base !== 'string') return [skip('no public address is set')]
    const path = await echoPath(patient)
    if (path === undefined) return [skip('no server runs that could be asked')]
    if (patient.state.kind === 'running' && patient.state.run.urls.includes(base))
      return [skip('the public address is that of the server itself')]
    const echo = await echoThrough(base, path)
    if ('silence' in echo) return [skip('nothing comes through the public address')]
    return [seenAs(echo, patient)]
  },
}

function seenAs({ client, peer, forwarded_for: forwarded }: Echo, { settings }: Patient): Finding {
  if (forwarded === null && isOwn(peer))
    return warn(
      'everybody seems to be the proxy: it does not say who its clients are',
      'nginx: proxy_set_header X-Forwarded-For $remote_addr',
    )
  if (
    forwarded !== null &&
    client === peer &&
    peer !== null &&
    !forwarded.split(',').some((one) => one.trim() === peer)
  )
    return warn(
      `everybody seems to be ${peer}, a proxy that is not trusted (${JSON.stringify(settings.get('trusted_proxies'))})`,
      `synapse config set trusted_proxies '["127.0.0.1/32","::1/128","${peer}"]'`,
    )
  return pass(`this machine is seen as ${client ?? 'nobody'}`)
}

function isOwn(peer: string | null): boolean {
  return peer !== null && addressClass(peer) === 'loopback'
}
