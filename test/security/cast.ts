import { Caller, DAY, HOUR, type Person, SECOND, type World, world } from '../support/world'
import { Canaries } from './canaries'
import { MISSING, type Place, reader, sees, type Who } from './rules'
import { agents, dead, humans, joined, rooms, SOON } from './scene'

const unknown = { kind: 'agent', scopes: [], isListed: false, rooms: {} } as const

/** Callers with every kind of credential on one server, and the state behind its endpoints. */
export class Cast implements AsyncDisposable {
  readonly canaries = new Canaries()
  /** Every shared room, with a message and a deleted message. */
  readonly places = new Map<
    string,
    Place & {
      readonly id: string
      readonly message: string
      readonly tombstone: string
      readonly attachment: string
      readonly claim: string
      readonly approval: string
    }
  >()
  readonly people = new Map<string, Person>()
  /** Ids that requests can name: `token of pal`, `session of pal`, `device`. */
  readonly spares = new Map<string, string>()
  private readonly callers = new Map<string, Who>()

  private constructor(
    readonly w: World,
    /** A member of every room and the author of their messages. */
    readonly host: Person,
  ) {}

  static async open(): Promise<Cast> {
    const settings = {
      SYNAPSE_LOG_LEVEL: 'debug',
      SYNAPSE_METRICS_ENABLED: 'on',
      SYNAPSE_STREAMS_PER_ACCOUNT: '100',
    }
    const w = await world({ settings })
    const cast = new Cast(w, await w.agent('host'))
    await cast.furnish()
    for (const [name, scopes] of Object.entries(agents)) await cast.addAgent(name, scopes)
    for (const [name, scopes] of Object.entries(humans)) await cast.addHuman(name, scopes)
    await cast.addOthers()
    await cast.close()
    return cast
  }

  who(name: string): Who {
    const found = this.callers.get(name)
    if (!found) throw new Error(`there is no ${name}`)
    return found
  }

  /** The rooms that this caller could know of, including its own direct channel. */
  placesOf(who: Who) {
    return [...this.places.values()].filter(({ slug }) => !slug.startsWith('with-') || slug in who.rooms)
  }

  /** Posts a unique word into a room that only its readers may see. */
  async plant(room: Place): Promise<{ readonly word: string; readonly id: string }> {
    const word = this.canaries.fresh((who) => mayRead(who, room))
    const { id } = await this.host.posts(room.slug, `${word} @everyone`)
    return { word, id }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.w[Symbol.asyncDispose]()
  }

  private async furnish(): Promise<void> {
    await this.addSpares((await this.w.human('pal')).handle)
    for (const room of rooms) await this.make(room, ...(room.kind === 'dm' ? ['pal'] : []))
    this.people.set('host', this.host)
    this.people.set('loner', await this.w.agent('loner'))
    await this.index()
  }

  /** Waits until what was posted can be searched. Each post wakes the index, and the clock ends its rest. */
  private async index(): Promise<void> {
    const found = async () =>
      (await this.host.get<{ results: unknown[] }>('/v1/search?q=indexed')).body.results
    do {
      this.w.clock.advance(SECOND)
      await this.host.posts('town', 'indexed')
    } while ((await found()).length === 0)
  }

  private async make(room: Place, ...others: string[]): Promise<void> {
    const name = this.canaries.fresh((who) => sees(who, room))
    const kind = room.kind === 'public' ? 'public' : 'private'
    const { id } = await this.w.channel(room.slug, { kind, name })
    for (const handle of ['host', ...others]) await this.w.joins(handle, room.slug)
    this.places.set(room.slug, {
      ...room,
      id,
      message: '',
      tombstone: '',
      attachment: '',
      claim: '',
      approval: '',
    })
  }

  private async addAgent(name: string, scopes: readonly string[]): Promise<void> {
    const person = await this.w.agent(name, { scopes, channels: joined })
    await this.add(person, person, { via: 'token', scopes })
  }

  private async addHuman(name: string, scopes: readonly string[] | null): Promise<void> {
    const isListed = name.startsWith('admin')
    const person = await this.w.human(name, { isAdmin: isListed, channels: joined })
    const caller = scopes === null ? person : this.w.bearer(await this.tokenFor(name, scopes))
    const via = scopes === null ? 'session' : 'token'
    await this.add(person, caller, { kind: 'human', via, scopes: scopes ?? [], isListed })
    await this.addSpares(name)
  }

  private async add(person: Person, caller: Caller, more: Pick<Who, 'via'> & Partial<Who>): Promise<void> {
    const name = person.handle
    const direct = `with-${name}`
    await this.make({ slug: direct, kind: 'dm', isArchived: false }, name)
    this.people.set(name, person)
    this.callers.set(name, { ...unknown, name, caller, rooms: { ...joined, [direct]: 'member' }, ...more })
  }

  private async tokenFor(handle: string, scopes: readonly string[]): Promise<string> {
    const device = { device: 'x', account_handle: handle, scopes, direct: true }
    return (await this.w.operator.post<{ token: string }>('/v1/admin/devices', device)).body.token
  }

  /** A second token and session of a person, which are not used. */
  private async addSpares(handle: string): Promise<void> {
    const { w, spares } = this
    const token = w.bearer(await this.tokenFor(handle, ['channel:town:read']))
    spares.set(`token of ${handle}`, (await token.get<{ token_id: string }>('/v1/auth/me')).body.token_id)
    const cookie = `synapse_session=${await w.session(handle)}`
    const { body } = await w
      .caller({ cookie })
      .get<{ sessions: { id: string; current: boolean }[] }>('/v1/auth/sessions')
    spares.set(`session of ${handle}`, body.sessions.find(({ current }) => current)?.id ?? '')
  }

  /** Callers without an account or with an invalid credential. */
  private async addOthers(): Promise<void> {
    const { w } = this
    const unix = w.running.socket ?? ''
    const operator = new Caller((path, init) => fetch(`http://synapse${path}`, { ...init, unix }))
    this.callers.set('guest', { ...unknown, name: 'guest', via: 'nothing', caller: w.guest })
    this.callers.set('operator', { ...unknown, name: 'operator', via: 'operator', caller: operator })
    const callers: Record<string, Caller> = {
      'empty-bearer': w.caller({ authorization: 'Bearer ' }),
      'unknown-token': w.bearer(`syn_${'x'.repeat(43)}`),
      'unknown-session': w.caller({ cookie: `synapse_session=${'x'.repeat(43)}` }),
    }
    for (const [name, why] of Object.entries(dead)) {
      const isSession = name.includes('session')
      const caller = callers[name] ?? (await this.late(name, isSession))
      const kind = isSession ? 'human' : 'agent'
      const via = isSession ? 'session' : 'token'
      this.callers.set(name, { ...unknown, name, kind, via, caller, dead: why })
    }
  }

  /** A caller whose credential has ended. */
  private async late(name: string, isSession: boolean): Promise<Person> {
    const { w } = this
    const person = isSession
      ? await w.human(name, { channels: joined })
      : await w.agent(name, { channels: joined, ...(name.startsWith('expired') && { expiresAt: SOON }) })
    this.people.set(name, person)
    if (name.startsWith('revoked')) await w.revokes(person)
    if (name.startsWith('ended')) await person.post('/v1/auth/logout')
    if (name.endsWith('archived')) await w.archives(person)
    return person
  }

  /** Posts a file with a unique name and text into a room. Returns its id. */
  private async attach(room: Place): Promise<string> {
    const word = this.canaries.fresh((who) => mayRead(who, room))
    const headers = { 'content-disposition': `attachment; filename="${word}"` }
    const { body } = await this.host.fetch<{ id: string }>('/v1/attachments', {
      method: 'POST',
      headers,
      body: word,
    })
    await this.host.posts(room.slug, word, { attachments: [body.id] })
    return body.id
  }

  /** Claims a resource and a message of a room. Returns the id of the first claim. */
  private async claim({ slug }: Place, message: string): Promise<string> {
    const request = { channel: slug, ttl_s: 86_400 }
    await this.host.post('/v1/claims', { ...request, resource: `message:${message}` })
    const { body } = await this.host.post<{ id: string }>('/v1/claims', { ...request, resource: 'task:held' })
    return body.id
  }

  /** Asks the people of a room for a decision, and cancels it. Returns the id; undefined without people there. */
  private async approval(room: Place, question: string): Promise<string | undefined> {
    const request = { channel: room.slug, question, options: ['yes', 'no'], ttl_s: 2_592_000 }
    const { status, body } = await this.host.post<{ approval: { id: string } }>('/v1/approvals', request)
    if (status === 429) {
      this.w.clock.advance(HOUR + SECOND)
      return this.approval(room, question)
    }
    if (status !== 201) return undefined
    await this.host.post(`/v1/approvals/${body.approval.id}/cancel`)
    return body.approval.id
  }

  /** Changes that must come after all callers have their credentials. */
  private async close(): Promise<void> {
    const { w } = this
    for (const room of this.places.values()) {
      const { id: message } = await this.plant(room)
      const { id: tombstone } = await this.host.posts(
        room.slug,
        this.canaries.fresh(() => false),
      )
      await this.host.delete(`/v1/messages/${tombstone}`)
      const attachment = await this.attach(room)
      const claim = await this.claim(room, message)
      const question = this.canaries.fresh((who) => mayRead(who, room))
      const approval = (await this.approval(room, question)) ?? MISSING
      this.places.set(room.slug, { ...room, message, tombstone, attachment, claim, approval })
      if (room.isArchived) await w.archives(room)
    }
    const device = { device: 'lost', account_handle: 'pal' }
    const { body } = await w.operator.post<{ id: string }>('/v1/admin/devices', device)
    await w.operator.post(`/v1/admin/devices/${body.id}/revoke`)
    this.spares.set('device', body.id)
    // No endpoint creates these; an import brings them along.
    await w.sql("UPDATE channels SET kind = 'dm' WHERE slug = 'whisper' OR slug LIKE 'with-%'")
    await w.sql(
      'UPDATE sessions SET expires_at = created_at WHERE account_id = (SELECT id FROM accounts WHERE handle = ?)',
      'expired-session',
    )
    // The cheapest hash, because its speed does not matter here.
    const hash = await Bun.password.hash('right', { algorithm: 'bcrypt', cost: 4 })
    await w.sql('UPDATE accounts SET password_hash = ? WHERE password_hash IS NOT NULL', hash)
    w.clock.advance(DAY)
    await w.restart()
    // The claims have expired meanwhile.
    for (const room of this.places.values())
      if (!room.isArchived)
        this.places.set(room.slug, { ...room, claim: await this.claim(room, room.message) })
    await this.host.post('/v1/claims', { resource: 'task:held', ttl_s: 86_400 })
  }
}

export function mayRead(who: Who, room: Place): boolean {
  return reader(who, { name: room.slug, words: {}, room }) === undefined
}
