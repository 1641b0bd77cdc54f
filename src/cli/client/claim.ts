import type { Claim } from '@synapse/client'
import { UsageError } from '../lib/cli-error'
import { parseDuration } from '../lib/duration'
import { isShown, printTable, shortId, tableOf } from '../lib/table'
import { note, print } from '../lib/terminal'
import { visible } from '../lib/visible'
import { wholeNumber } from './check'
import { holdWhile } from './hold'
import { type Client, clientCommand, printWire } from './index'
import { momentOf } from './sheet'

const MOST_EPOCH = 999_999_999
/** Letters of a UUID. */
const WHOLE_ID = 36
/** The most claims of one request. */
const PAGE = 200

export const claim = clientCommand({
  args: {
    resource: {
      type: 'positional',
      required: false,
      description: 'What is claimed: file:src/app.ts, message:<id>, task:deploy …',
    },
    command: {
      type: 'positional',
      required: false,
      several: true,
      valueHint: '-- COMMAND…',
      description: 'A command to run while the claim is held',
    },
    ttl: { type: 'string', valueHint: '5m', description: 'How long it holds, 10s to 1d; default: 5m' },
    note: { type: 'string', valueHint: 'text', description: 'What for' },
    message: { type: 'string', valueHint: 'id', description: 'The message that it is about' },
    channel: { type: 'string', valueHint: 'slug', description: 'The channel whose readers see it' },
    instance: {
      type: 'string',
      valueHint: 'name',
      description: 'Which program of the account holds it; default: its token',
    },
    renew: { type: 'string', valueHint: 'id', description: 'Renew this claim' },
    release: { type: 'string', valueHint: 'id', description: 'Release this claim' },
    epoch: {
      type: 'string',
      valueHint: 'n',
      description: 'With --renew and --release: the epoch of the claim',
    },
    outcome: {
      type: 'enum',
      options: ['done', 'declined', 'failed'],
      description: 'With --release: what became of it',
    },
    list: { type: 'boolean', description: 'List the claims that are held' },
    prefix: { type: 'string', valueHint: 'text', description: 'With --list: only resources that begin so' },
  },
  notes: [
    'A claim is exclusive: exit status 5 when another program holds it. With a command, the claim is renewed while the command',
    'runs, and released when it ends: done after exit status 0, else failed. The command finds SYNAPSE_CLAIM_ID and',
    'SYNAPSE_CLAIM_EPOCH in its environment, and its exit status is that of synapse. When the claim is lost, the command and',
    'what it has started get SIGTERM, after 10 s SIGKILL, and the exit status is 5.',
  ],
  examples: [
    'synapse claim file:src/app.ts --ttl 10m --note "the parser"',
    'synapse claim task:deploy --channel ops -- make deploy',
    'synapse claim --renew 0190b2f4-6c1d-7a54-9d3e-2f4a5b6c7d8e --epoch 3',
    'synapse claim --release 0190b2f4-6c1d-7a54-9d3e-2f4a5b6c7d8e --epoch 3 --outcome done',
    'synapse claim --list --prefix file:',
  ],
  async act(client, args) {
    const { synapse } = client
    const { resource, command, list, renew, release, instance } = args
    const ways = [resource !== undefined, list === true, renew !== undefined, release !== undefined]
    if (ways.filter(Boolean).length !== 1)
      throw new UsageError('give one of RESOURCE, --list, --renew and --release')
    const ttl = args.ttl === undefined ? undefined : parseDuration(args.ttl, '--ttl') / 1000
    const shared = {
      ...(args.note === undefined ? {} : { note: args.note }),
      ...(instance === undefined ? {} : { instance }),
    }
    if (list === true) return await showClaims(client, args)
    if (resource === undefined) {
      const id = await wholeId(client, renew ?? release ?? '')
      const epoch = args.epoch === undefined ? undefined : wholeNumber(args.epoch, '--epoch', MOST_EPOCH)
      if (release !== undefined) {
        const body = {
          ...shared,
          ...(epoch === undefined ? {} : { epoch }),
          ...(args.outcome === undefined ? {} : { outcome: args.outcome }),
        }
        show(await synapse.request('POST /v1/claims/{id}/release', { path: { id }, body }), args.json)
        return undefined
      }
      if (epoch === undefined) throw new UsageError('--epoch is missing: claim shows it')
      const body = { ...shared, epoch, ...(ttl === undefined ? {} : { ttl_s: ttl }) }
      show(await synapse.request('POST /v1/claims/{id}/renew', { path: { id }, body }), args.json)
      return undefined
    }
    const about = {
      ...(args.message === undefined ? {} : { message_id: args.message }),
      ...(args.channel === undefined ? {} : { channel: args.channel.replace(/^#/, '') }),
    }
    if (command.length > 0)
      return await holdWhile(client, { resource, command, ttl, note: args.note, ...about })
    const body = { resource, ...shared, ...about, ...(ttl === undefined ? {} : { ttl_s: ttl }) }
    show(await synapse.request('POST /v1/claims', { body }), args.json)
    return undefined
  },
})

function show(claim: Claim, isJson: boolean | undefined): void {
  if (isJson === true) {
    printWire(claim)
    return
  }
  const { id, epoch, resource, expires_at: ends, released_at: released, outcome } = claim
  const what = visible(resource)
  if (released !== null) print(`released ${what}${outcome === null ? '' : `, ${outcome}`}`)
  else {
    print(`claimed ${what} until ${momentOf(ends)}`)
    note(`synapse claim --release ${id} --epoch ${epoch}`)
  }
}

interface Filter {
  readonly prefix: string | undefined
  readonly channel: string | undefined
  readonly json: boolean | undefined
}

async function showClaims(client: Client, { prefix, channel, json }: Filter): Promise<undefined> {
  const claims = await claimsOf(client, {
    ...(prefix === undefined ? {} : { prefix }),
    ...(channel === undefined ? {} : { channel: channel.replace(/^#/, '') }),
  })
  if (json === true) for (const one of claims) printWire(one)
  else
    printTable(
      tableOf(claims, {
        RESOURCE: ({ resource }) => resource,
        HOLDER: ({ holder, holder_kind: kind }) => (isShown() && kind === 'agent' ? `${holder}*` : holder),
        CHANNEL: ({ channel: slug }) => (slug === null ? '' : `#${slug}`),
        UNTIL: ({ expires_at: ends }) => (isShown() ? momentOf(ends) : ends),
        EPOCH: ({ epoch }) => epoch,
        ID: ({ id }) => (isShown() ? shortId(id) : id),
        NOTE: ({ note: text }) => text,
      }),
    )
  return undefined
}

/** Returns the live claims that match, all pages of them. */
async function claimsOf({ synapse }: Client, filter: object): Promise<Claim[]> {
  const claims: Claim[] = []
  let cursor: string | undefined
  do {
    const query = { limit: PAGE, ...filter, ...(cursor === undefined ? {} : { cursor }) }
    const page = await synapse.request('GET /v1/claims', { query })
    claims.push(...page.claims)
    cursor = page.next_cursor ?? undefined
  } while (cursor !== undefined)
  return claims
}

/** Returns the id that ends so, as a list on a terminal shows it. @throws UsageError if several do */
async function wholeId(client: Client, text: string): Promise<string> {
  if (text.length >= WHOLE_ID) return text
  const found = (await claimsOf(client, {})).filter(({ id }) => id.endsWith(text.toLowerCase()))
  if (found.length < 2) return found[0]?.id ?? text
  const lines = found.map(({ id, resource }) => `${id}  ${resource}`)
  throw new UsageError(`several claims end with ${text}`, lines)
}
