import { Resolver } from 'node:dns/promises'
import { printable } from '../core/kernel/text'
import { type Found, findAt, findByDomain, type Hint, MdnsBrowser } from '../discovery'
import { CliError, UsageError } from './lib/cli-error'
import { command } from './lib/command'
import { baseOf } from './lib/connect'
import { EXIT } from './lib/exit-codes'
import { note, print, printJson } from './lib/terminal'

/** How long to wait for answers from the local network. */
const LISTEN_MS = 3000

/** A server that was found; null means unknown. */
interface Peer {
  readonly did: string | null
  readonly name: string | null
  readonly url: string
  readonly verified: boolean
  readonly problem: string | null
  readonly features: readonly string[] | null
}

export const discover = command({
  args: {
    mdns: {
      type: 'boolean',
      description: 'Find servers announced in this network (the default)',
    },
    domain: { type: 'string', valueHint: 'name', description: 'Find the server of this domain' },
    url: {
      type: 'string',
      valueHint: 'url',
      description: 'Check whether a Synapse server answers at this address',
    },
    json: { type: 'boolean', description: 'Print JSON instead of text' },
  },
  notes: [
    'A result is a hint. It is marked verified only if its manifest is signed by the key that the manifest names. A domain',
    'is looked up at https://<domain>/.well-known/synapse, in its did.json, and in the SRV and TXT records of',
    '_synapse._tcp.<domain>. Works without a server of your own. Exit status 4 when no server is found.',
  ],
  examples: [
    'synapse discover',
    'synapse discover --domain example.org',
    'synapse discover --url http://nas.local:8080',
  ],
  async run({ args }) {
    if ([args.mdns, args.domain, args.url].filter((one) => one !== undefined && one !== false).length > 1)
      throw new UsageError('--mdns, --domain and --url cannot be used together')
    const peers = await found(args.domain, args.url)
    if (args.json === true) printJson({ peers })
    else for (const peer of peers) print(textOf(peer))
    if (peers.length > 0) return undefined
    throw new CliError(EXIT.notFound, 'no Synapse server was found', [
      ...(args.domain === undefined && args.url === undefined
        ? ['a server announces itself with serve --lan, or if the setting discovery.mdns_announce is on']
        : []),
    ])
  },
})

async function found(domain: string | undefined, url: string | undefined): Promise<Peer[]> {
  if (url !== undefined) return listed(await findAt(baseOf(url)))
  if (domain === undefined) return announced()
  if (!/^(?=.{1,253}$)[a-z0-9-]+(?:\.[a-z0-9-]+)*$/i.test(domain))
    throw new UsageError('--domain must be a name such as example.org')
  return listed(await findByDomain(domain, new Resolver({ timeout: 3000, tries: 2 })))
}

function listed(one: Found | undefined): Peer[] {
  return one === undefined ? [] : [one]
}

/** Returns the servers that are announced, each checked against its manifest. */
async function announced(): Promise<Peer[]> {
  await using mdnsBrowser = new MdnsBrowser({
    trouble: (fault) =>
      note(`the local network cannot be searched (${fault instanceof Error ? fault.message : fault})`),
  })
  mdnsBrowser.browse()
  await Bun.sleep(LISTEN_MS)
  return await Promise.all(mdnsBrowser.hints.map(checked))
}

async function checked({ did, name, url }: Hint): Promise<Peer> {
  const answer = await findAt(url, { hintedDid: did })
  const isVerified = answer?.verified === true
  const problem = answer === undefined ? 'no server answers there' : answer.problem
  return { did, name, url, verified: isVerified, problem, features: answer?.features ?? null }
}

function textOf({ name, url, did, verified, problem }: Peer): string {
  const trust = verified ? 'verified' : (problem ?? 'not verified')
  return [name ?? '–', url, did ?? 'no DID', trust].map(printable).join('  ')
}
