import { type Check, type Finding, fail, pass, skip } from '../check'
import { type Problem, relayOf, remedy } from '../remedies'
import { accountOf, type ClientProbe } from './client-probe'

const WAIT_SECONDS = 1
/** What an answer may take beyond what it was to wait. */
const PATIENCE_MS = 3000
const SOCKET_WITHIN_MS = 5000
const RECIPES = 'docs/operating.md, "Behind a proxy"'

const without = skip('not without a token that works')

/** Whether a request may wait for news, one that nothing comes of. */
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
      return [fail(`an answer came ${Math.round(took / 1000)} s after a wait of ${WAIT_SECONDS} s`, RECIPES)]
    return [pass('a request may wait for news')]
  },
}

function cut(how: string): Finding {
  return fail(
    `a request that waits ${WAIT_SECONDS} s is cut off (${how})`,
    `longer timeouts in the proxy: ${RECIPES}`,
  )
}

/** What a proxy is to blame for, with its own words for it where it says what it is. */
function broken(detail: string, problem: Problem, { health }: ClientProbe): Finding {
  const relay = 'headers' in health ? relayOf(health.headers) : 'unknown'
  return fail(detail, `${remedy(problem, relay)}; see ${RECIPES}`)
}

/** Whether an event stream begins as soon as it is asked for. */
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
      return [broken('event streams are buffered: nothing of one comes', 'stream', probe)]
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

/** Whether a WebSocket opens and says the first word. */
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
