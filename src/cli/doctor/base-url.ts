import { addressClass } from '../../home'
import { type Check, type Finding, fail, pass, skip, warn } from './check'
import type { Diagnosis } from './diagnosis'
import { type Problem, remedy } from './remedies'
import {
  echoPath,
  echoThrough,
  type NoEcho,
  type SeenEcho,
  socketProblem,
  streamProblem,
  wellKnownProblem,
} from './round-trip'
import { distrust } from './shown-certificate'

const RECIPES = 'docs/operating.md, "Behind a proxy"'
const WHOLE_NAME = 'the whole host must lead to Synapse, which cannot run below a path such as /synapse/'

/** Checks that requests to the public address arrive at this server unchanged. */
export const baseUrl: Check = {
  name: 'base_url',
  async look(diagnosis) {
    const base = diagnosis.settings.get('base_url')
    if (typeof base !== 'string') return [skip('no public address is set')]
    const path = await echoPath(diagnosis)
    if (path === undefined) return [skip('no server runs')]
    return throughAddress(base, path)
  },
}

/** Sends a request, a stream and a WebSocket to `base`, and reports how they arrive at the server that echoes `path`. */
export async function throughAddress(base: string, path: string): Promise<Finding[]> {
  const heard = await echoThrough(base, path)
  if ('noAnswer' in heard) return [await unreachable(base, heard)]
  const [wellKnown, stream, socket] = await Promise.all([
    wellKnownProblem(base),
    streamProblem(base, path),
    socketProblem(base, path),
  ])
  const findings = [
    ...changed(base, path, heard),
    ...(wellKnown === undefined
      ? []
      : [fail(wellKnown, `let the proxy pass paths that begin with a dot: ${RECIPES}`)]),
    ...(stream === undefined ? [] : [broken(stream, 'stream', heard)]),
    ...(socket === undefined ? [] : [broken(socket, 'socket', heard)]),
  ]
  return findings.length > 0
    ? findings
    : [pass(`${base} leads to this server; requests, streams and WebSockets arrive unchanged`)]
}

async function unreachable(base: string, { noAnswer, stranger }: NoEcho): Promise<Finding> {
  const distrusted = await distrust(base, noAnswer)
  if (distrusted) return distrusted
  // Every Synapse server has this path. If it is missing, the proxy changes the path.
  if (stranger !== undefined && (await wellKnownProblem(base)) !== undefined)
    return fail(
      'a Synapse server answers there, but receives other paths: the proxy adds or removes a prefix',
      `${remedy('path', stranger)}; ${WHOLE_NAME}: ${RECIPES}`,
    )
  return fail(
    `${base} does not lead to this server: ${noAnswer}`,
    `correct base_url, DNS or the proxy; ${WHOLE_NAME}: ${RECIPES}`,
  )
}

function changed(base: string, path: string, heard: SeenEcho): Finding[] {
  const { host } = new URL(base)
  const { authority, path: arrived, query } = heard.echo
  const findings: Finding[] = []
  if (authority !== host)
    findings.push(broken(`Host arrives as ${authority ?? 'nothing'} instead of ${host}`, 'host', heard))
  if (arrived !== `${path}/a%2Fb` || query !== '?c=%2Fd')
    findings.push(broken('the proxy decodes paths', 'path', heard))
  return findings
}

function broken(detail: string, problem: Problem, { proxy }: SeenEcho): Finding {
  return fail(detail, `${remedy(problem, proxy)}; see ${RECIPES}`)
}

/** Checks that the server sees the addresses of its clients, and not only that of its proxy. */
export const proxy: Check = {
  name: 'proxy',
  async look(diagnosis) {
    const base = diagnosis.settings.get('base_url')
    if (typeof base !== 'string') return [skip('no public address is set')]
    const path = await echoPath(diagnosis)
    if (path === undefined) return [skip('no server runs')]
    if (diagnosis.state.kind === 'running' && diagnosis.state.run.urls.includes(base))
      return [skip('the public address is that of the server itself')]
    const heard = await echoThrough(base, path)
    if ('noAnswer' in heard) return [skip('no request arrives through the public address')]
    return [seenAs(heard, diagnosis)]
  },
}

function seenAs(heard: SeenEcho, { settings }: Diagnosis): Finding {
  const { client, peer, forwarded_for: forwarded } = heard.echo
  if (forwarded === null && isOwn(peer))
    return warn(
      'every client seems to be the proxy, which does not forward client addresses',
      remedy('client', heard.proxy),
    )
  if (
    forwarded !== null &&
    client === peer &&
    peer !== null &&
    !forwarded.split(',').some((one) => one.trim() === peer)
  )
    return warn(
      `every client seems to be ${peer}, a proxy that is not trusted (${JSON.stringify(settings.get('trusted_proxies'))})`,
      `synapse config set trusted_proxies '["127.0.0.1/32","::1/128","${peer}"]'`,
    )
  return pass(`this machine is seen as ${client ?? 'an unknown address'}`)
}

function isOwn(peer: string | null): boolean {
  return peer !== null && addressClass(peer) === 'loopback'
}
