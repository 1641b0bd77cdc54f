import { type Check, type Finding, fail, pass, skip } from '../check'
import { type Problem, relayOf, remedy } from '../remedies'
import { accountOf, type ClientProbe } from './client-probe'

const WAIT_SECONDS = 1
/** How much longer than the requested wait an answer may take. */
const PATIENCE_MS = 3000
const SOCKET_WITHIN_MS = 5000
const RECIPES = 'docs/operating.md, "Behind a proxy"'

const without = skip('this needs a valid token')

/** Checks that a long-poll that waits for new events is answered. */
export const longPoll: Check<ClientProbe> = {
  name: 'long_poll',
  async look(probe) {
    if (accountOf(probe) === undefined) return [without]
    const position = await probe.ask('/v1/server')
    const since = 'body' in position ? String(position.body['head_cursor']) : ''
    const started = performance.now()
    const answer = await probe.ask(`/v1/events?${new URLSearchParams({ since, wait: String(WAIT_SECONDS) })}`)
    const took = performance.now() - started
    if ('noAnswer' in answer) return [cut(answer.noAnswer)]
    if (answer.status !== 200) return [cut(`status ${answer.status}`)]
    if (took > WAIT_SECONDS * 1000 + PATIENCE_MS)
      return [
        fail(`a long-poll of ${WAIT_SECONDS} s was answered after ${Math.round(took / 1000)} s`, RECIPES),
      ]
    return [pass('long-polls work')]
  },
}

function cut(how: string): Finding {
  return fail(
    `a request that waits ${WAIT_SECONDS} s is cut off (${how})`,
    `set longer timeouts in the proxy: ${RECIPES}`,
  )
}

/** Makes a finding for a fault of the proxy, with the fix in the words of its configuration. */
function broken(detail: string, problem: Problem, { health }: ClientProbe): Finding {
  const relay = 'headers' in health ? relayOf(health.headers) : 'unknown'
  return fail(detail, `${remedy(problem, relay)}; see ${RECIPES}`)
}

/** Checks that an event stream begins at once. */
export const eventStream: Check<ClientProbe> = {
  name: 'event_stream',
  async look(probe) {
    if (accountOf(probe) === undefined) return [without]
    const end = new AbortController()
    const timer = setTimeout(() => end.abort(), PATIENCE_MS)
    try {
      const response = await fetch(`${probe.client.url}/v1/events`, {
        headers: { ...probe.headers, accept: 'text/event-stream' },
        redirect: 'manual',
        signal: end.signal,
      })
      if (response.status !== 200)
        return [fail(`event streams do not open (status ${response.status})`, RECIPES)]
      return (await saysHello(response))
        ? [pass('event streams begin at once')]
        : [fail('event streams end before they begin', RECIPES)]
    } catch {
      return [broken('event streams are buffered: no event arrives', 'stream', probe)]
    } finally {
      clearTimeout(timer)
      end.abort()
    }
  },
}

async function saysHello({ body }: Response): Promise<boolean> {
  if (body === null) return false
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true })
    if (text.includes('event: hello')) return true
  }
  return false
}

/** Checks that a WebSocket opens and sends `hello`. */
export const webSocket: Check<ClientProbe> = {
  name: 'websocket',
  look(probe) {
    if (accountOf(probe) === undefined) return [without]
    return new Promise((resolve) => {
      const url = `${probe.client.url.replace(/^http/, 'ws')}/v1/ws`
      const socket = new WebSocket(url, { headers: { ...probe.headers } })
      const end = (finding: Finding) => {
        clearTimeout(timer)
        socket.close()
        resolve([finding])
      }
      const shut = broken(
        'WebSockets do not open: the upgrade does not arrive at the server',
        'socket',
        probe,
      )
      const timer = setTimeout(end, SOCKET_WITHIN_MS, shut)
      socket.onmessage = ({ data }) => {
        if (String(data).includes('"hello"')) end(pass('WebSockets open'))
      }
      socket.onerror = () => end(shut)
      socket.onclose = () => end(shut)
    })
  },
}
