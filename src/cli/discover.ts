import { Resolver } from 'node:dns/promises'
import { printable } from '../core/kernel/text'
import { type Found, findAt, findByDomain, type Hint, MdnsBrowser } from '../discovery'
import { CliError, UsageError } from './lib/cli-error'
import { command } from './lib/command'
import { baseOf } from './lib/connect'
import { EXIT } from './lib/exit-codes'
import { note, print, printJson } from './lib/terminal'

/** How long answers of the local network are waited for. */
const LISTEN_MS = 3000

/** A server that was found; what is null is not known. */
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
      description: 'Servers that are announced in this network; what discover alone does',
    },
    domain: { type: 'string', valueHint: 'name', description: 'The server of a domain' },
    url: { type: 'string', valueHint: 'url', description: 'Whether a Synapse answers at this address' },
    json: { type: 'boolean', description: 'Print JSON instead of text' },
  },
  notes: [
    'What is found is a hint: only a manifest that is signed by the key it names is called verified. A domain is looked up at',
    'https://<domain>/.well-known/synapse, in its did.json, and as SRV and TXT of _synapse._tcp.<domain>. Needs no server',
    'of your own. Exit status 4 when there is none.',
  ],
  examples: [
    'synapse discover',
    'synapse discover --domain example.org',
    'synapse discover --url http://nas.local:8080',
  ],
  async run({ args }) {
    if ([args.mdns, args.domain, args.url].filter((one) => one !== undefined && one !== false).length > 1)
      throw new UsageError('--mdns, --domain and --url exclude each other')
    const peers = await found(args.domain, args.url)
    if (args.json === true) printJson({ peers })
    else for (const peer of peers) print(textOf(peer))
    if (peers.length > 0) return undefined
    throw new CliError(EXIT.notFound, 'no Synapse was found', [
      ...(args.domain === undefined && args.url === undefined
        ? ['a server is announced with serve --lan, or where discovery.mdns_announce is on']
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

/** Everybody who answers, each asked whether the manifest says the same. */
async function announced(): Promise<Peer[]> {
  await using mdnsBrowser = new MdnsBrowser({
    trouble: (fault) =>
      note(`the local network cannot be asked (${fault instanceof Error ? fault.message : fault})`),
  })
  mdnsBrowser.browse()
  await Bun.sleep(LISTEN_MS)
  return await Promise.all(mdnsBrowser.hints.map(checked))
}

async function checked({ did, name, url }: Hint): Promise<Peer> {
  const answer = await findAt(url, { hintedDid: did })
  const isVerified = answer?.verified === true
  const problem = answer === undefined ? 'nothing answers there' : answer.problem
  return { did, name, url, verified: isVerified, problem, features: answer?.features ?? null }
}

function textOf({ name, url, did, verified, problem }: Peer): string {
  const trust = verified ? 'verified' : (problem ?? 'not verified')
  return [name ?? '–', url, did ?? 'no DID', trust].map(printable).join('  ')
}
