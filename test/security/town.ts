import { runtimeSettings } from '../../src/config/runtime-settings'
import type { Answer, Fields } from '../support/caller'
import { type Message, type Page, type Person, READ_AND_POST, type World, world } from '../support/world'
import { acknowledge, canariesIn, sessionId } from './acknowledged'
import { type Draw, Pools } from './pools'
import { complaints, isLetIn } from './promises'
import { curl, type Draft, type Sent } from './requests'
import { Society, type Somebody } from './society'

const ANSWER_WITHIN_MS = 10_000

/** The caller: a member of the named channel, a former member, a caller with access to the endpoint, or any. */
export interface Choice {
  readonly pick: number
  readonly among: 'members' | 'leavers' | 'admitted' | 'all'
  /** The account to act as, if any. */
  readonly actor: Draw | null
}

const channels = { hall: 'public', vault: 'private', den: 'private' } as const
const people: Readonly<
  Record<string, { in: readonly (keyof typeof channels)[]; is: 'agent' | 'human'; admin?: true }>
> = {
  ann: { in: ['hall', 'vault'], is: 'agent' },
  bob: { in: ['hall'], is: 'agent' },
  chief: { in: ['den'], is: 'agent', admin: true },
  ines: { in: ['hall', 'vault'], is: 'human' },
  hugo: { in: ['hall', 'den'], is: 'human' },
  root: { in: ['vault'], is: 'human', admin: true },
}

/** A server with accounts, and what is known of it from its answers. */
export class Town {
  /** The requests so far, as commands. */
  readonly story: string[] = []
  readonly society: Society
  private readonly pools = new Pools()
  private canaries = 0
  private lastPost: { sent: Sent; who: Somebody } | undefined

  private constructor(private readonly w: World) {
    this.society = new Society(() => w.clock.now())
  }

  static async found(): Promise<Town> {
    const town = new Town(await world({ settings: { SYNAPSE_WAIT_MAX_S: '1', SYNAPSE_RATE_LOGIN: '2/60' } }))
    for (const [slug, kind] of Object.entries(channels)) {
      const { id } = await town.w.channel(slug, { kind })
      town.society.addChannel({ id, slug })
      town.pools.add('slug', slug)
      town.pools.add('channel', id)
    }
    for (const handle of Object.keys(people)) await town.welcome(handle)
    // The local network of this machine must not see announcements of the test.
    const settings = runtimeSettings.map(({ key }) => key).filter((key) => !key.startsWith('discovery.'))
    town.pools.add('setting', ...settings)
    town.pools.add('cursor', 'oldest')
    town.pools.add('place', '1')
    return town
  }

  /** Makes a request and checks its answer. @throws Error with the difference from the expectation */
  async call(draft: Draft, { actor, ...choice }: Choice): Promise<void> {
    let sent = draft.settle(this.pools)
    if (actor) sent = { ...sent, headers: { ...sent.headers, 'x-synapse-actor': actor.from(this.pools) } }
    if (draft.endpoint.path === '/v1/messages' && draft.endpoint.method === 'POST') sent = this.marked(sent)
    await this.send(sent, this.chosen(sent, choice))
  }

  /** Repeats the last post. */
  async repeat(): Promise<void> {
    if (this.lastPost) await this.send(this.lastPost.sent, this.lastPost.who)
  }

  wait(seconds: number): void {
    this.story.push(`# ${seconds} s later`)
    this.w.clock.advance(seconds * 1000)
  }

  /** Checks at the end that every channel has its acknowledged messages in order, and no others. */
  async reckon(): Promise<void> {
    const { society, w } = this
    for (const key of society.settings.keys()) await w.operator.delete(`/v1/config/${key}`)
    const witness = await w.agent('witness', { scopes: ['admin:*'] })
    for (const { id, slug, isArchived, posted } of society.channels.values()) {
      // Nobody else can join a direct channel.
      if (slug.startsWith('dm-')) continue
      if (isArchived) await w.operator.post(`/v1/admin/channels/${id}/unarchive`)
      // The witness comes late.
      await w.operator.patch(`/v1/admin/channels/${id}`, { settings: { history: null } })
      await w.joins(witness, slug)
      const found = await readAll(witness, slug)
      const known = posted.map(({ author: _, ...message }) => message)
      this.compare(slug, known, found)
    }
    if (w.log.includes('"level":"error"')) throw new Error('the server reported a fault')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.w[Symbol.asyncDispose]()
  }

  private compare(slug: string, posted: readonly object[], found: readonly object[]): void {
    if (JSON.stringify(posted) === JSON.stringify(found)) return
    throw new Error(`#${slug} has\n  ${JSON.stringify(found)}\nand not\n  ${JSON.stringify(posted)}`)
  }

  private async send(sent: Sent, who: Somebody): Promise<void> {
    const { endpoint, path, headers, text } = sent
    const name = typeof who === 'object' ? who.name : who.toUpperCase()
    this.story.push(curl(sent, name))
    // The names of backups contain the time of day.
    this.w.clock.advance(1)
    const answer = await this.callerOf(who).fetch(path, {
      method: endpoint.method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(text === undefined ? {} : { body: text }),
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    })
    this.story.push(`  ${answer.status} ${answer.text.slice(0, 300)}`)
    const wrong = [...complaints(sent, this.society.standing(who), answer), ...this.leaks(sent, who, answer)]
    if (wrong.length > 0) throw new Error(wrong.join('; '))
    await this.learn(sent, who, answer)
  }

  private async learn(sent: Sent, who: Somebody, answer: Answer): Promise<void> {
    if (answer.status >= 300) return
    const by = this.nameOf(sent, who)
    const comeWith = (credential: Record<string, string>) => this.w.caller(credential)
    await acknowledge({ society: this.society, sent, who, by, answer, comeWith })
    this.pools.learn(answer.body)
    if (sent.endpoint.path === '/v1/messages' && sent.text !== undefined) this.lastPost = { sent, who }
  }

  /** The handle of the account that a request acts as; null if there is none. */
  private nameOf({ endpoint, headers }: Sent, who: Somebody): string | null {
    const claimed = endpoint.who === 'account' ? headers['x-synapse-actor'] : undefined
    return claimed ?? (typeof who === 'object' ? who.handle : null)
  }

  /** Forbidden content of an answer, and forbidden effects. */
  private *leaks(sent: Sent, who: Somebody, answer: Answer): Generator<string> {
    const { society } = this
    const own = sent.text ?? ''
    const name = this.nameOf(sent, who)
    const isExport = sent.endpoint.path === '/v1/admin/accounts/:id/export'
    const exported = isExport && answer.status < 300 ? (sent.params[0] ?? '').trim().toLowerCase() : ''
    for (const canary of canariesIn(answer.text))
      if (!own.includes(canary) && !society.mayRead(who, name, canary) && !society.isOf(exported, canary))
        yield `tells ${canary}`
    const isReplay = answer.headers.has('idempotent-replayed')
    // The first answer to this credential showed the same secret.
    for (const secret of isReplay ? [] : society.secrets)
      if (answer.text.includes(secret) && !own.includes(secret)) yield `tells the secret ${secret}`
    const { endpoint, headers } = sent
    const claimed = headers['x-synapse-actor']
    if (answer.status >= 400 || endpoint.who === 'anyone') return
    if (claimed !== undefined && (who === 'guest' || society.mayActAs(who, claimed) === false))
      yield `${claimed} was nobody to act as`
    const isPost = endpoint.method === 'POST' && endpoint.path === '/v1/messages'
    const isNew = isPost && !isReplay
    if (isNew && !this.channelOf(sent)?.members.has(name ?? '')) yield 'posted from outside'
    // A purge that only counts writes nothing.
    const isCount = endpoint.path.endsWith('/purge') && sent.text?.includes('"dry_run":true') === true
    const isWrite = endpoint.method !== 'GET' && endpoint.duringDrain !== true && !isCount
    if (isWrite && !isReplay && who !== 'operator' && society.settings.get('drain') === true)
      yield 'written while it drains'
  }

  /** Adds a unique word to the text of a post, and another one to the part that only its author sees. */
  private marked(sent: Sent): Sent {
    const post = fieldsIn(sent.text)
    if (!post) return sent
    const canary = () => `canary-${this.canaries++}-${Math.floor(this.w.clock.now() / 1000)}`
    const marked = {
      ...post,
      ...(typeof post.body === 'string' && { body: `${post.body} ${canary()}` }),
      ...(isFields(post.metadata) && { metadata: { ...post.metadata, where: canary() } }),
      ...(typeof post.client_msg_id === 'string' &&
        post.client_msg_id.length < 20 && { client_msg_id: canary() }),
    }
    return { ...sent, text: JSON.stringify(marked) }
  }

  private chosen(sent: Sent, { pick, among }: Omit<Choice, 'actor'>): Somebody {
    const { society } = this
    const all: Somebody[] = ['guest', 'operator', ...society.credentials]
    const admitted = all.filter((who) => isLetIn(sent.endpoint, society.standing(who)) !== false)
    const { members, leavers } = this.channelOf(sent) ?? {}
    const within = (names: ReadonlySet<string> | undefined) =>
      admitted.filter((who) => typeof who === 'object' && names?.has(who.handle))
    const wanted = { members: within(members), leavers: within(leavers), admitted, all }[among]
    const from = wanted.length > 0 ? wanted : all
    return from[pick % from.length] ?? 'guest'
  }

  /** The channel that a request names, or the channel of the message that it names. */
  private channelOf({ params: [id], query, text }: Sent) {
    const { society } = this
    const slug = fieldsIn(text)?.channel ?? query.channel
    if (typeof slug === 'string') return society.channel({ slug: slug.trim().toLowerCase() })
    return [...society.channels.values()].find(({ posted }) => posted.some((message) => message.id === id))
  }

  private callerOf(who: Somebody) {
    if (typeof who === 'object') return who.caller
    return who === 'guest' ? this.w.guest : this.w.operator
  }

  private async welcome(handle: string): Promise<void> {
    const { in: slugs, is, admin = false } = people[handle] ?? { in: [], is: 'agent' }
    const roles = Object.fromEntries(slugs.map((slug) => [slug, 'member'] as const))
    const scopes = is === 'human' ? [] : admin ? ['admin:*'] : READ_AND_POST
    const person: Person =
      is === 'human'
        ? await this.w.human(handle, { channels: roles, isAdmin: admin })
        : await this.w.agent(handle, { channels: roles, scopes })
    const { society, pools } = this
    const isAdmin = is === 'human' && admin
    society.addAccount({ id: person.id, handle, kind: is, isAdmin })
    for (const slug of slugs) society.channel({ slug })?.members.add(handle)
    society.secrets.add(person.secret)
    society.addCredential({
      caller: person,
      via: is === 'human' ? 'session' : 'token',
      id: is === 'human' ? await sessionId(person) : person.tokenId,
      handle,
      scopes,
      actors: [],
      endsAt: null,
    })
    pools.add('handle', handle)
    pools.add('account', person.id)
    if (is === 'agent') pools.add('token', person.tokenId)
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The fields of a body; undefined if it has none. */
function fieldsIn(text: string | undefined): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text ?? '')
    return isFields(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** Every message of a channel, oldest first. */
async function readAll(witness: Person, slug: string): Promise<object[]> {
  const found: Pick<Message, 'id' | 'seq' | 'body'>[] = []
  let since = 'oldest'
  for (;;) {
    const { status, text, body } = await witness.reads(slug, { since, limit: 200 })
    if (status !== 200) throw new Error(`the witness cannot read #${slug}: ${text}`)
    const page: Page = body
    // The server tells decisions by messages of its own.
    const own = page.messages.filter(({ kind }) => kind !== 'system')
    found.push(...own.map(({ id, seq, body: words }) => ({ id, seq, body: words })))
    if (!page.has_more) return found
    since = page.position
  }
}
