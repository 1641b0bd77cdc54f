import type { Answer, Packet, Question } from 'multicast-dns'
import { printable } from '../core/kernel/text'

export const SERVICE = '_synapse._tcp.local'
const META = '_services._dns-sd._udp.local'
const MANIFEST_PATH = '/.well-known/synapse'
/** In seconds: for records that may change soon, and for those that do not. */
const TTL = 120
const TXT_TTL = 4500
const LABEL_BYTES = 63
const TEXT_BYTES = 255

/** What a server announces about itself. */
export interface Announcement {
  readonly did: string
  readonly name: string
  /** An origin. */
  readonly url: string
  readonly port: number
  /** `<machine>.local`, and its addresses. */
  readonly host: string
  readonly addresses: readonly string[]
}

/** What was heard about a server. Anyone in the network may have sent it. */
export interface Hint {
  readonly did: string
  readonly name: string
  readonly url: string
}

/** Returns the records of a server. With a TTL of 0 they announce that it is gone (RFC 6762 §10.1). */
export function recordsOf({ did, name, url, port, host, addresses }: Announcement, isGone = false): Packet {
  const ttl = isGone ? 0 : TTL
  const instance = `${labelOf(name)}.${SERVICE}`
  const facts = ['v=1', `did=${did}`, `url=${url}`, `name=${name}`, `tls=${url.startsWith('https:') ? 1 : 0}`]
  const data = [...facts, `path=${MANIFEST_PATH}`].filter((text) => Buffer.byteLength(text) <= TEXT_BYTES)
  return {
    answers: [
      { name: SERVICE, type: 'PTR', ttl, data: instance },
      { name: instance, type: 'SRV', ttl, data: { target: host, port } },
      { name: instance, type: 'TXT', ttl: isGone ? 0 : TXT_TTL, data },
    ],
    additionals: addresses.map((address) => ({ name: host, type: 'A', ttl, data: address })),
  }
}

/** Makes a single DNS label; a dot would begin another one. */
function labelOf(name: string): string {
  let label = name.replaceAll('.', '-')
  while (Buffer.byteLength(label) > LABEL_BYTES) label = [...label].slice(0, -1).join('')
  return label === '' ? 'synapse' : label
}

/** Reports whether a packet asks for Synapse servers or for this one. */
export function asksFor({ questions = [] }: Packet, name: string): boolean {
  const instance = `${labelOf(name)}.${SERVICE}`.toLowerCase()
  const isAbout = (question: Question) => [SERVICE, META, instance].includes(question.name.toLowerCase())
  return questions.some((question) => isAbout(question) && question.type !== 'A' && question.type !== 'AAAA')
}

/** Returns the servers that a packet announces, and whether it says that they are gone. */
export function hintsIn({ answers = [], additionals = [] }: Packet): { hint: Hint; isGone: boolean }[] {
  return [...answers, ...additionals].flatMap((answer) => {
    if (answer.type !== 'TXT' || !answer.name.toLowerCase().endsWith(`.${SERVICE}`)) return []
    const hint = hintOf(textsOf(answer))
    return hint === undefined ? [] : [{ hint, isGone: answer.ttl === 0 }]
  })
}

/** Parses `key=value` texts; undefined unless they belong to a known version of Synapse. */
export function factsOf(texts: readonly string[]): ReadonlyMap<string, string> | undefined {
  const facts = new Map(
    texts.map((text) => {
      const at = text.indexOf('=')
      return [text.slice(0, at).toLowerCase(), text.slice(at + 1)] as const
    }),
  )
  return facts.get('v') === '1' ? facts : undefined
}

const DID = /^did:key:z6Mk[1-9A-HJ-NP-Za-km-z]{44}$/

export function isDid(text: string): boolean {
  return DID.test(text)
}

function hintOf(texts: readonly string[]): Hint | undefined {
  const facts = factsOf(texts)
  const did = facts?.get('did') ?? ''
  const url = originOf(facts?.get('url') ?? '')
  if (!isDid(did) || url === undefined) return undefined
  const name = [...printable(facts?.get('name') ?? '')].slice(0, LABEL_BYTES).join('')
  return { did, name, url }
}

/** Returns the origin of a URL that consists of nothing else; undefined for any other. */
export function originOf(url: string): string | undefined {
  const parsed = URL.parse(url)
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) return undefined
  return parsed.href === `${parsed.origin}/` ? parsed.origin : undefined
}

function textsOf({ data }: Extract<Answer, { type: 'TXT' }>): string[] {
  const parts = Array.isArray(data) ? data : [data]
  return parts.map((part: string | Uint8Array) =>
    typeof part === 'string' ? part : Buffer.from(part).toString('utf8'),
  )
}
