import { urlFromHere } from '../../home'
import { type Check, fail, pass, skip } from './check'

const ANSWER_WITHIN_MS = 3000

/** Checks that the running server answers at its socket and at its addresses. */
export const reachable: Check = {
  name: 'reachable',
  async look({ state, isHeld }) {
    if (state.kind !== 'running') return isHeld ? [skip('a command uses the home')] : [skip('no server runs')]
    const { run, answering } = state
    if (run.phase === 'migrating') return [skip('the server is starting')]
    const silent = await silentOf(run.urls)
    if (answering && silent.length === 0) return [pass(`answers at ${run.urls.join(', ') || run.socket}`)]
    const what = [...(answering ? [] : ['its socket']), ...silent]
    return [
      fail(
        `the server (pid ${run.pid}) does not answer at ${what.join(', ')}`,
        'synapse serve --stop, then synapse serve --daemon',
      ),
    ]
  },
}

async function silentOf(urls: readonly string[]): Promise<string[]> {
  const answers = await Promise.all(
    urls.map(async (url) => {
      try {
        const signal = AbortSignal.timeout(ANSWER_WITHIN_MS)
        // The certificate is for the public name, not for this address.
        return (await fetch(`${urlFromHere(url)}/healthz`, { signal, tls: { rejectUnauthorized: false } })).ok
      } catch {
        return false
      }
    }),
  )
  return urls.filter((_, index) => answers[index] !== true)
}
