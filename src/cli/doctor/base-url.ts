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
const WHOLE_NAME = 'all of the name has to lead to Synapse, which cannot live below a path such as /synapse/'

/** Whether what is sent to the public address arrives here as it was sent. */
export const baseUrl: Check = {
  name: 'base_url',
  async look(diagnosis) {
    const base = diagnosis.settings.get('base_url')
    if (typeof base !== 'string') return [skip('no public address is set')]
    const path = await echoPath(diagnosis)
    if (path === undefined) return [skip('no server runs that could be asked')]
    return throughAddress(base, path)
  },
}

/** What becomes of a request, a stream and a WebSocket between here and the server that answers on `path`. */
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
    ...(wellKnown === undefined ? [] : [fail(wellKnown, `let the proxy pass dot-paths: ${RECIPES}`)]),
    ...(stream === undefined ? [] : [broken(stream, 'stream', heard)]),
    ...(socket === undefined ? [] : [broken(socket, 'socket', heard)]),
  ]
  return findings.length > 0 ? findings : [pass(`${base} leads here, unchanged, with streams and WebSockets`)]
}

async function unreachable(base: string, { noAnswer, stranger }: NoEcho): Promise<Finding> {
  const distrusted = await distrust(base, noAnswer)
  if (distrusted) return distrusted
  // Another server would have this path; one that has not was asked for something else.
  if (stranger !== undefined && (await wellKnownProblem(base)) !== undefined)
    return fail(
      'a Synapse server answers there, but is asked for other paths: the proxy puts something before them, or takes something away',
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

/** Whether the server sees who its clients are, or its proxy in their place. */
export const proxy: Check = {
  name: 'proxy',
  async look(diagnosis) {
    const base = diagnosis.settings.get('base_url')
    if (typeof base !== 'string') return [skip('no public address is set')]
    const path = await echoPath(diagnosis)
    if (path === undefined) return [skip('no server runs that could be asked')]
    if (diagnosis.state.kind === 'running' && diagnosis.state.run.urls.includes(base))
      return [skip('the public address is that of the server itself')]
    const heard = await echoThrough(base, path)
    if ('noAnswer' in heard) return [skip('nothing comes through the public address')]
    return [seenAs(heard, diagnosis)]
  },
}

function seenAs(heard: SeenEcho, { settings }: Diagnosis): Finding {
  const { client, peer, forwarded_for: forwarded } = heard.echo
  if (forwarded === null && isOwn(peer))
    return warn(
      'everybody seems to be the proxy: it does not say who its clients are',
      remedy('client', heard.proxy),
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
  return pass(`this machine is seen as ${client ?? 'an unknown address'}`)
}

function isOwn(peer: string | null): boolean {
  return peer !== null && addressClass(peer) === 'loopback'
}
