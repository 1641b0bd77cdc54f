import { connect, type Synapse } from '@synapse/client'
import { CliError } from '../lib/cli-error'
import { EXIT, exitCodeOfStatus } from '../lib/exit-codes'
import { type Answer, answered, Difference, type Json } from './row'

const ANSWER_WITHIN_MS = 40_000
const READ_AND_POST = ['channel:*:read', 'channel:*:post']

type Body = Readonly<Record<string, unknown>> | readonly unknown[]
type HeaderFields = Readonly<Record<string, string>>

/** Sends requests with the headers of one credential. */
export class Caller {
  constructor(
    private readonly url: string,
    readonly headers: HeaderFields = {},
  ) {}

  get(path: string, headers?: HeaderFields): Promise<Answer> {
    return this.send('GET', path, undefined, headers)
  }

  post(path: string, body?: Body, headers?: HeaderFields): Promise<Answer> {
    return this.send('POST', path, body, headers)
  }

  async send(
    method: string,
    path: string,
    body?: Body | Uint8Array<ArrayBuffer>,
    headers: HeaderFields = {},
  ): Promise<Answer> {
    const isBytes = body instanceof Uint8Array
    const type: HeaderFields = body === undefined || isBytes ? {} : { 'content-type': 'application/json' }
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: { ...this.headers, ...type, ...headers },
      redirect: 'manual',
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      ...(body === undefined ? {} : { body: isBytes ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    return {
      request: `${method} ${path}`,
      status: response.status,
      headers: response.headers,
      text,
      body: jsonIn(text),
    }
  }
}

function jsonIn(text: string): Json {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** An account of the lab. */
export class Somebody extends Caller {
  constructor(
    url: string,
    readonly handle: string,
    readonly id: string,
    /** The token of an agent; empty for the person. */
    readonly token: string,
    headers: HeaderFields,
  ) {
    super(url, headers)
  }

  /** Posts, and returns the message. @throws Difference if it is refused */
  async says(channel: string, body: string, more: Readonly<Record<string, unknown>> = {}): Promise<Json> {
    return answered(await this.post('/v1/messages', { channel, body, ...more }), 201)
  }
}

/** An account or a channel of the lab. */
interface Made {
  readonly name: string
  /** Where it is administered. */
  readonly path: string
}

/** The accounts and channels with which a server is checked. */
export class Lab {
  private constructor(
    readonly url: string,
    readonly admin: Caller,
    /** Two agents in the channel, one outside of it, and a person in it with a session. */
    readonly ann: Somebody,
    readonly bob: Somebody,
    readonly eve: Somebody,
    readonly hana: Somebody,
    /** An agent whose account is archived. */
    readonly gone: Somebody,
    readonly password: string,
    /** A public channel, a private one without the agent outside, and one that is archived. */
    readonly channel: string,
    readonly vault: string,
    readonly archived: string,
    /** A message in the archived one. */
    readonly shelved: string,
    private readonly made: readonly Made[],
    readonly features: ReadonlySet<string>,
  ) {}

  /** @throws CliError if the server cannot be reached, or does not let the token make accounts. What was made is archived then */
  static async open(url: string, token: string): Promise<Lab> {
    const admin = new Caller(url, { authorization: `Bearer ${token}` })
    const made: Made[] = []
    try {
      return await Lab.furnish(url, admin, made)
    } catch (error) {
      await archiveAll(admin, made)
      throw error instanceof Difference ? new CliError(EXIT.failure, error.message) : error
    }
  }

  private static async furnish(url: string, admin: Caller, made: Made[]): Promise<Lab> {
    const make = async (path: string, body: Body): Promise<Json> => {
      const answer = await reached(url, admin.post(path, body))
      if (answer.status < 300) return answer.body
      const { status, text } = answer
      throw new CliError(
        exitCodeOfStatus(status, answer.body?.code),
        `${path} answered ${status}: ${text.slice(0, 200)}`,
        status === 401 || status === 403 ? ['the token needs the scope admin:*'] : [],
      )
    }
    const name = `conformance-${crypto.randomUUID().slice(0, 8)}`
    const password = crypto.randomUUID()
    const slugs = ['room', 'vault', 'shelf'].map((one) => `${name}-${one}`)
    const [room = '', vault = '', shelf = ''] = slugs
    for (const slug of slugs) {
      const kind = slug === vault ? 'private' : 'public'
      const { id } = await make('/v1/admin/channels', { slug, name: slug, kind })
      made.push({ name: slug, path: `/v1/admin/channels/${id}` })
    }
    const account = async (word: string, more: Body) => {
      const wanted = { handle: `${name}-${word}`, display_name: word, ...more }
      const { id, handle } = await make('/v1/admin/accounts', wanted)
      made.push({ name: handle, path: `/v1/admin/accounts/${id}` })
      return { id, handle }
    }
    const joins = async (handle: string, slug: string) =>
      make('/v1/admin/memberships', { account_handle: handle, channel_slug: slug, role: 'member' })
    const agent = async (word: string, channels: readonly string[]) => {
      const { id, handle } = await account(word, { kind: 'agent' })
      for (const slug of channels) await joins(handle, slug)
      const issued = await make('/v1/admin/tokens', { account_handle: handle, scopes: READ_AND_POST })
      return new Somebody(url, handle, id, issued.token, { authorization: `Bearer ${issued.token}` })
    }
    const ann = await agent('ann', [room, vault, shelf])
    const bob = await agent('bob', [room, vault])
    const eve = await agent('eve', [])
    const gone = await agent('gone', [room])
    await make(`/v1/admin/accounts/${gone.id}/archive`, {})
    const { id, handle } = await account('hana', { kind: 'human', password })
    await joins(handle, room)
    const { id: shelved } = await ann.says(shelf, 'it is kept')
    await make(`${made[2]?.path}/archive`, {})
    const cookie = await signIn(new Caller(url), handle, password)
    const hana = new Somebody(url, handle, id, '', { cookie })
    const server = await ann.get('/v1/server')
    const features = new Set<string>(Array.isArray(server.body?.features) ? server.body.features : [])
    return new Lab(
      ...([url, admin, ann, bob, eve, hana, gone, password] as const),
      ...([room, vault, shelf, shelved, made, features] as const),
    )
  }

  get guest(): Caller {
    return new Caller(this.url)
  }

  /** A client of an agent, for its streams. */
  client({ token }: Somebody): Synapse {
    return connect({ url: this.url, token, patience: 5 })
  }

  /** Signs in again, and returns a caller with that session. @throws Difference */
  async session(): Promise<Caller> {
    return new Caller(this.url, { cookie: await signIn(this.guest, this.hana.handle, this.password) })
  }

  /** A position after everything that is in the channel now. */
  async anchor(): Promise<string> {
    await this.ann.says(this.channel, 'an anchor')
    const page = await this.ann.get(`/v1/messages?channel=${this.channel}&limit=1&order=desc`)
    return answered(page, 200)?.head_cursor
  }

  /** Archives all of it. Returns the names of what could not be archived. */
  close(): Promise<string[]> {
    return archiveAll(this.admin, this.made)
  }
}

/** Returns the names of what could not be archived. */
async function archiveAll(admin: Caller, made: readonly Made[]): Promise<string[]> {
  const failed: string[] = []
  for (const { name, path } of made) {
    const answer = await admin.post(`${path}/archive`, {}).catch(() => undefined)
    if (answer === undefined || answer.status >= 300) failed.push(name)
  }
  return failed
}

async function signIn(guest: Caller, handle: string, password: string): Promise<string> {
  const answer = await guest.post('/v1/auth/login', { handle, password })
  answered(answer, 200)
  return (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
}

async function reached(url: string, answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new CliError(EXIT.unreachable, `cannot reach ${url}: ${why}`)
  }
}
