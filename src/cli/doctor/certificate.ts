import { OperatorError } from '../../core/kernel/operator-error'
import { daysLeft, readTls, remarksOn, type TlsPair, urlFromHere } from '../../home'
import { type Check, type Finding, fail, pass, skip, warn } from './check'
import { shownAt } from './shown-certificate'

/** Checks that the server's certificate is valid and is the one that is served, and shows when it expires. */
export const certificate: Check = {
  name: 'certificate',
  async look({ config, state }) {
    if (config.tls === undefined) return [skip('the server does not use TLS itself')]
    const pair = pairOf(config.tls)
    if ('status' in pair) return [pair]
    const url = state.kind === 'running' ? state.run.urls.find((one) => one.startsWith('https:')) : undefined
    const served = url === undefined ? undefined : await shownAt(urlFromHere(url))
    const [own] = pair.chain
    const findings = remarksOn(pair, config.tls.cert).map(({ isBroken, problem, remedy }) =>
      (isBroken ? fail : warn)(problem, remedy),
    )
    if (served !== undefined && served.fingerprint !== own.fingerprint256)
      findings.push(
        fail(
          `the server serves another certificate than the one in ${config.tls.cert}: it expires on ${served.ends}`,
          'see the log for the reason (synapse serve --logs), or run synapse serve --restart',
        ),
      )
    const days = daysLeft(pair)
    return findings.length > 0
      ? findings
      : [pass(`${config.tls.cert} is valid for ${days} ${days === 1 ? 'day' : 'days'}, until ${own.validTo}`)]
  },
}

function pairOf(files: Parameters<typeof readTls>[0]): TlsPair | Finding {
  try {
    return readTls(files)
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error
    return fail(error.problem, error.remedy)
  }
}
