import { isLoopbackUrl } from '../../../home'
import { type Check, type Finding, fail, pass, skip, warn } from '../check'
import { distrust } from '../shown-certificate'
import { type Answer, type ClientProbe, isSynapse, type NoAnswer } from './client-probe'

/** A difference that no message is expected to survive: signatures and expiry are judged by the clock. */
const SKEW_SECONDS = 30

/** Where the client goes, and by what it knows. */
export const client: Check<ClientProbe> = {
  name: 'client',
  look: ({ client: { file, url, handle, channels } }) => {
    const who = handle === undefined ? '' : ` as ${handle}`
    const filter = channels.length === 0 ? '' : `, listening to ${channels.join(', ')} alone`
    return [pass(`${file ?? 'as it was told'}: ${url}${who}${filter}`)]
  },
}

/** Whether a Synapse answers there, and is ready. */
export const server: Check<ClientProbe> = {
  name: 'server',
  async look(probe) {
    const { url } = probe.client
    if (!isSynapse(probe.health)) return [await stranger(url, probe.health)]
    const ready = await probe.ask('/v1/readyz')
    const findings = [...contract(probe.health), ...readiness(ready), ...openly(url)]
    return findings.length > 0 ? findings : [pass(`${url} answers, and is ready`)]
  },
}

async function stranger(url: string, health: Answer | NoAnswer): Promise<Finding> {
  if ('noAnswer' in health) return unheard(url, health.noAnswer)
  const { status, headers, body } = health
  const elsewhere = headers.get('location')
  if (status >= 300 && status < 400 && elsewhere !== null)
    return fail(`${url} sends elsewhere: ${elsewhere}`, 'give the client the address that it names')
  if (body['code'] === 'remote_not_allowed')
    return fail(
      `${url} answers this machine's address not at all: ${String(body['detail'])}`,
      'come by a private network, or put a TLS proxy in front: docs/operating.md',
    )
  if (typeof body['code'] === 'string')
    return fail(`${url} refuses: ${String(body['detail'])} (${body['code']})`, 'docs/operating.md')
  return fail(
    `something else answers at ${url} (status ${status})`,
    'correct the address, or the proxy there',
  )
}

async function unheard(url: string, noAnswer: string): Promise<Finding> {
  const distrusted = await distrust(url, noAnswer)
  if (distrusted) return distrusted
  if (/Refused/i.test(noAnswer))
    return fail(
      `no server listens at ${url} (${noAnswer})`,
      'synapse serve --daemon  # on that machine; or correct the address',
    )
  return fail(`${url} does not answer (${noAnswer})`, 'correct the address, the name or the way there')
}

function contract({ body }: Answer): Finding[] {
  const version = String(body['version'])
  if (version.startsWith('1.')) return []
  return [
    warn(`it speaks version ${version} of the contract, this program version 1`, 'upgrade the older one'),
  ]
}

function readiness(ready: Answer | NoAnswer): Finding[] {
  if ('noAnswer' in ready)
    return [
      fail(`it does not say whether it is ready (${ready.noAnswer})`, 'synapse doctor  # on that machine'),
    ]
  if (ready.status === 200) return []
  if (ready.body['status'] === 'draining')
    return [warn('it drains, and takes no posts', 'synapse drain stop  # on that machine, when it may')]
  return [
    fail(
      `it is not ready: ${JSON.stringify(ready.body['checks'] ?? {})}`,
      'synapse doctor  # on that machine',
    ),
  ]
}

function openly(url: string): Finding[] {
  if (url.startsWith('https:') || isLoopbackUrl(url)) return []
  return [
    warn(`the token travels unencrypted to ${url}`, 'go by https or by a private network: docs/operating.md'),
  ]
}

/** Whether both clocks say the same. */
export const clock: Check<ClientProbe> = {
  name: 'clock',
  look({ health }) {
    if (!isSynapse(health)) return [skip('the server does not answer')]
    const theirs = Date.parse(health.headers.get('date') ?? '')
    if (Number.isNaN(theirs)) return [skip('the server does not say what time it is')]
    // The server says whole seconds; somewhere between question and answer it looked.
    const ahead = (health.sentAt + health.heardAt) / 2 - (theirs + 500)
    const seconds = Math.round(ahead / 1000)
    if (Math.abs(seconds) <= SKEW_SECONDS) return [pass('both clocks say the same')]
    return [
      warn(
        `the clock of this machine is ${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'} the server's`,
        'timedatectl set-ntp true  # on the machine whose clock is wrong',
      ),
    ]
  },
}
