import { isLoopbackUrl } from '../../../home'
import { type Check, type Finding, fail, pass, skip, warn } from '../check'
import { distrust } from '../shown-certificate'
import { type Answer, type ClientProbe, isSynapse, type NoAnswer } from './client-probe'

/** The largest difference of the clocks. Signatures and expiry depend on it. */
const SKEW_SECONDS = 30

/** Shows which server the client uses, and the file that says so. */
export const client: Check<ClientProbe> = {
  name: 'client',
  look: ({ client: { file, url, handle, channels } }) => {
    const who = handle === undefined ? '' : ` as ${handle}`
    const filter = channels.length === 0 ? '' : `, listening only to ${channels.join(', ')}`
    return [pass(`${file ?? 'flags and environment'}: ${url}${who}${filter}`)]
  },
}

/** Checks that a Synapse server answers there and is ready. */
export const server: Check<ClientProbe> = {
  name: 'server',
  async look(probe) {
    const { url } = probe.client
    if (!isSynapse(probe.health)) return [await stranger(url, probe.health)]
    const ready = await probe.ask('/v1/readyz')
    const findings = [...contract(probe.health), ...readiness(ready), ...openly(url)]
    return findings.length > 0 ? findings : [pass(`${url} answers and is ready`)]
  },
}

async function stranger(url: string, health: Answer | NoAnswer): Promise<Finding> {
  if ('noAnswer' in health) return unheard(url, health.noAnswer)
  const { status, headers, body } = health
  const elsewhere = headers.get('location')
  if (status >= 300 && status < 400 && elsewhere !== null)
    return fail(`${url} redirects to ${elsewhere}`, 'use that address in the client')
  if (body['code'] === 'remote_not_allowed')
    return fail(
      `${url} does not accept the address of this machine: ${String(body['detail'])}`,
      'connect over a private network, or put a TLS proxy in front: docs/operating.md',
    )
  if (typeof body['code'] === 'string')
    return fail(`${url} refuses: ${String(body['detail'])} (${body['code']})`, 'docs/operating.md')
  return fail(
    `another program answers at ${url} (status ${status})`,
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
  return fail(`${url} does not answer (${noAnswer})`, 'check the address, DNS and the network')
}

function contract({ body }: Answer): Finding[] {
  const version = String(body['version'])
  if (version.startsWith('1.')) return []
  return [
    warn(
      `the server has version ${version} of the contract, this program has version 1`,
      'upgrade the older one',
    ),
  ]
}

function readiness(ready: Answer | NoAnswer): Finding[] {
  if ('noAnswer' in ready)
    return [
      fail(`the server does not answer /v1/readyz (${ready.noAnswer})`, 'synapse doctor  # on that machine'),
    ]
  if (ready.status === 200) return []
  if (ready.body['status'] === 'draining')
    return [
      warn(
        'the server is draining and refuses posts',
        'synapse drain stop  # on that machine, after the maintenance',
      ),
    ]
  return [
    fail(
      `the server is not ready: ${JSON.stringify(ready.body['checks'] ?? {})}`,
      'synapse doctor  # on that machine',
    ),
  ]
}

function openly(url: string): Finding[] {
  if (url.startsWith('https:') || isLoopbackUrl(url)) return []
  return [
    warn(`the token travels unencrypted to ${url}`, 'use https or a private network: docs/operating.md'),
  ]
}

/** Checks that the clocks of this machine and of the server agree. */
export const clock: Check<ClientProbe> = {
  name: 'clock',
  look({ health }) {
    if (!isSynapse(health)) return [skip('the server does not answer')]
    const theirs = Date.parse(health.headers.get('date') ?? '')
    if (Number.isNaN(theirs)) return [skip('the server does not tell its time')]
    // The server sends whole seconds, and read its clock between the request and the answer.
    const ahead = (health.sentAt + health.heardAt) / 2 - (theirs + 500)
    const seconds = Math.round(ahead / 1000)
    if (Math.abs(seconds) <= SKEW_SECONDS) return [pass('both clocks agree')]
    return [
      warn(
        `the clock of this machine is ${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'} the server's`,
        'timedatectl set-ntp true  # on the machine whose clock is wrong',
      ),
    ]
  },
}
