import type { Answer } from '../support/caller'
import { inV1 } from '../support/dialects'
import { exchange, handshake } from '../support/raw-socket'
import { type Cast, mayRead } from './cast'
import { type Rule, sees, type Thing, type Who } from './rules'
import type { Things } from './things'

/** A call, the rule of its access, its subjects, the expected answer, the body, and the way to send it. */
export type Row = readonly [
  call: string,
  may: Rule,
  things: Things,
  answer: string,
  body?: object | undefined,
  way?: 'proxy' | 'throwaway' | 'stream' | 'socket' | 'export',
]

/** The compared part of an answer. */
type Reply = Pick<Answer<unknown>, 'status' | 'text'> & { readonly headers: Iterable<[string, string]> }

interface Cell {
  readonly thing: Thing
  readonly refusal: string | undefined
  reply?: string
}

/** Makes the calls of a table row as a caller, and notes each deviation from the contract on one line. */
export class Judge {
  readonly wrong: string[] = []

  constructor(private readonly cast: Cast) {}

  async judge(who: Who, row: Row): Promise<void> {
    const [call, may, things] = row
    const cells: Cell[] = things(this.cast, who).map((thing) => ({ thing, refusal: may(who, thing) }))
    const refused = cells.filter(({ refusal }) => refusal !== undefined)
    const isWrite = !call.startsWith('GET') && refused.length > 0
    const before = isWrite ? await this.trace() : ''
    for (const cell of refused) await this.ask(who, row, cell)
    const after = isWrite ? await this.trace() : ''
    if (after !== before) this.note(who, row, 'all that is refused', `left ${before}`, after)
    for (const cell of cells) if (cell.refusal === undefined) await this.ask(who, row, cell)
    this.compare(who, row, cells)
  }

  private async ask(who: Who, row: Row, cell: Cell): Promise<void> {
    const { thing, refusal } = cell
    const [call, , , passes, body] = row
    const expected = refusal ?? passes
    const sent = body && this.filled(JSON.stringify(body), thing, expected.startsWith('201'))
    const reply = await this.send(who, this.filled(call, thing), sent, row[5])
    const got = verdict(reply)
    if (got !== expected) this.note(who, row, thing.name, expected, got)
    const whole = reply.text + JSON.stringify([...reply.headers])
    const leaked = this.cast.canaries.leaked(whole, who).filter((word) => !sent?.includes(word))
    // What an admin exports are the words of another.
    const isShown = row[5] === 'export' && refusal === undefined
    if (leaked.length > 0 && !isShown) this.note(who, row, thing.name, 'no word of others', leaked.join(' '))
    cell.reply = essence(reply, thing)
  }

  /** A subject hidden from the caller must look like a missing one: the same status, headers and body. */
  private compare(who: Who, row: Row, cells: readonly Cell[]): void {
    const missing = cells.find(({ thing }) => thing.isMissing)
    if (!missing) return
    for (const { thing, refusal, reply } of cells) {
      const isHidden = thing.room ? !sees(who, thing.room) : refusal !== undefined
      if (isHidden && refusal === missing.refusal && reply !== missing.reply)
        this.note(who, row, thing.name, `as if missing: ${missing.reply}`, `${reply}`)
    }
  }

  /** Fills in words by their names. Once a canary is stored, the readers of the room may see it. */
  private filled(text: string, { words, room }: Thing, isStored = false): string {
    const { canaries } = this.cast
    return text.replace(/\{(\w+)\}/g, (_, word: string) => {
      if (word !== 'canary') return words[word] ?? ''
      return canaries.fresh((reader) => isStored && room !== undefined && mayRead(reader, room))
    })
  }

  private async send(who: Who, call: string, body?: string, way?: Row[5]): Promise<Reply> {
    const [method = '', path = ''] = call.split(' ')
    const { w } = this.cast
    const { credential } = who.caller
    const headers: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' }
    if (way === 'proxy') headers['x-forwarded-for'] = '203.0.113.9'
    if (way === 'throwaway' && who.via === 'session' && who.dead === undefined)
      headers.cookie = `synapse_session=${await w.session(who.name)}`
    if (way === 'stream') headers.accept = 'text/event-stream'
    if (way === 'socket' && who.via === 'operator') headers.upgrade = 'websocket'
    if (way === 'socket' && who.via !== 'operator') {
      const answer = await exchange(w.url, handshake(w.url, path, credential))
      if (typeof answer === 'string') throw new Error(`${call}: ${answer}`)
      return { ...answer, text: answer.body }
    }
    const response = await who.caller.open(path, { method, headers, ...(body !== undefined && { body }) })
    const isEndless = response.headers.get('content-type')?.startsWith('text/event-stream')
    const text = isEndless ? await beginning(response) : await response.text()
    return { status: response.status, headers: response.headers, text }
  }

  /** The number of rows of every table, and the head of the log. */
  private async trace(): Promise<string> {
    const counts = stored.map((rows) => `(SELECT count(*) FROM ${rows}) AS ${rows.split(' ')[0]}`)
    const [row] = await this.cast.w.sql(`SELECT ${counts.join(', ')}`)
    return JSON.stringify({ ...(await this.cast.w.trace()), ...row })
  }

  private note(who: Who, [call, , , , body]: Row, thing: string, expected: string, got: string): void {
    const sent = body === undefined ? '' : ` ${JSON.stringify(body)}`
    this.wrong.push(`${who.name}: ${call}${sent}, ${thing}: expected ${expected}, got ${got}`)
  }
}

const stored = [
  'accounts',
  'approvals',
  // The entries of backups, failed sign-ins and shared tokens are written after their answers.
  "audit WHERE action NOT IN ('backup', 'login.failed', 'token.shared')",
  'channels',
  'claims',
  'idempotency',
  'login_attempts',
  'memberships',
  'pair_codes',
  'sessions',
  'setting_changes',
  'tokens',
  'webhook_deliveries',
  'webhooks',
]

/** `status code gate required_scope`, in the form of the rules. */
function verdict({ status, text }: Reply): string {
  if (status < 400) return String(status)
  const { status: said, body } = inV1(status, JSON.parse(text))
  const { code, gate, required_scope } = body
  return [said, code, gate, required_scope].filter((part) => part !== undefined).join(' ')
}

const changing = new Set(['date', 'content-length', 'x-request-id'])

/** A reply without the parts that always differ: the request id and the requested names. */
function essence({ status, headers, text }: Reply, { words }: Thing): string {
  const kept = [...headers].filter(([name]) => !changing.has(name.toLowerCase()))
  const id = [...headers].find(([name]) => name.toLowerCase() === 'x-request-id')?.[1]
  let rest = text.replaceAll(id ?? '?', '<request>')
  for (const [name, word] of Object.entries(words)) rest = rest.replaceAll(word, `<${name}>`)
  return `${status} ${rest} ${JSON.stringify(kept)}`
}

/** The beginning of a stream, which is then closed. */
async function beginning(response: Response): Promise<string> {
  const reader = response.body?.getReader()
  const { value } = (await reader?.read()) ?? {}
  await reader?.cancel()
  return new TextDecoder().decode(value)
}
