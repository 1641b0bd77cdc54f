/** The state of a server as far as its acknowledgements tell: accounts, memberships and messages. */
import type { Caller } from '../support/caller'
import { GUEST, OPERATOR, type Standing } from './promises'

interface Account {
  readonly id: string
  readonly handle: string
  readonly kind: 'human' | 'agent'
  isAdmin: boolean
  isArchived: boolean
}

interface Posted {
  readonly id: string
  readonly seq: number
  readonly body: string
  author: string
}

interface Channel {
  readonly id: string
  readonly slug: string
  readonly members: Set<string>
  /** Former members, some of whom may be members again. */
  readonly leavers: Set<string>
  posted: Posted[]
  isArchived: boolean
}

/** A credential: a token or a session. */
export interface Credential {
  readonly name: string
  readonly caller: Caller
  readonly via: 'token' | 'session'
  /** The id of the token or session. */
  readonly id: string
  readonly handle: string
  readonly scopes: readonly string[]
  actors: readonly string[]
  readonly since: number
  /** In microseconds, like all times here. */
  endsAt: number | null
  isEnded: boolean
}

/** The caller of a request: with a credential, without one, or the local operator. */
export type Somebody = Credential | 'guest' | 'operator'

/** A session lasts at least a day, and half of that without a renewal. */
const SURELY_LASTS = 11 * 3600 * 1_000_000

/** A word that occurs in one message only. */
interface Canary {
  readonly slug: string
  author: string
  readonly isForAuthor: boolean
}

export class Society {
  readonly accounts = new Map<string, Account>()
  readonly channels = new Map<string, Channel>()
  readonly credentials: Credential[] = []
  readonly canaries = new Map<string, Canary>()
  /** Secrets that were shown once and must not be shown again. */
  readonly secrets = new Set<string>()
  readonly settings = new Map<string, unknown>()
  /** The accounts that the token of a code may act as. */
  readonly actorsOfCode = new Map<string, readonly string[]>()

  constructor(readonly now: () => number) {}

  account(by: { id: string } | { handle: string }): Account | undefined {
    if ('handle' in by) return this.accounts.get(by.handle)
    return [...this.accounts.values()].find(({ id }) => id === by.id)
  }

  channel(by: { id: string } | { slug: string }): Channel | undefined {
    if ('slug' in by) return this.channels.get(by.slug)
    return [...this.channels.values()].find(({ id }) => id === by.id)
  }

  addAccount(account: Omit<Account, 'isArchived'>): void {
    if (!this.accounts.has(account.handle))
      this.accounts.set(account.handle, { ...account, isArchived: false })
  }

  addChannel({ id, slug }: Pick<Channel, 'id' | 'slug'>): void {
    this.channels.set(slug, {
      id,
      slug,
      members: new Set(),
      leavers: new Set(),
      posted: [],
      isArchived: false,
    })
  }

  addCredential(made: Omit<Credential, 'name' | 'since' | 'isEnded'>): void {
    const name = `${made.handle}_${this.credentials.length}`.toUpperCase().replaceAll('-', '_')
    this.credentials.push({ ...made, name, since: this.now(), isEnded: false })
  }

  /** Ends the token or session of this id. */
  end(id: string): void {
    for (const one of this.credentials) if (one.id === id && id !== '') one.isEnded = true
  }

  /** Ends every session of an account, except the given one. */
  endSessions(handle: string, spared?: Credential): void {
    for (const one of this.credentials)
      if (one.via === 'session' && one.handle === handle && one !== spared) one.isEnded = true
  }

  /** Takes everything from an account but its id and, unless they are deleted, its messages. */
  erase({ id, handle, kind }: Account, deletesMessages: boolean): void {
    const erased = `the erased ${id}`
    this.accounts.delete(handle)
    this.accounts.set(erased, { id, handle: erased, kind, isAdmin: false, isArchived: true })
    for (const one of this.credentials) {
      if (one.handle === handle) one.isEnded = true
      one.actors = one.actors.filter((actor) => actor !== handle)
    }
    for (const [code, actors] of this.actorsOfCode)
      this.actorsOfCode.set(
        code,
        actors.filter((actor) => actor !== handle),
      )
    const own = (one: { readonly author: string }) => one.author === handle
    for (const channel of this.channels.values()) {
      channel.members.delete(handle)
      channel.leavers.delete(handle)
      if (deletesMessages) channel.posted = channel.posted.filter((posted) => !own(posted))
      for (const posted of channel.posted.filter(own)) posted.author = erased
    }
    for (const canary of [...this.canaries.values()].filter(own)) canary.author = erased
  }

  /** Whether a system admin may be told a canary by an export of this account. */
  isOf(id: string, canary: string): boolean {
    const author = this.canaries.get(canary)?.author
    return author !== undefined && this.account({ id })?.handle === author
  }

  standing(who: Somebody): Standing {
    if (who === 'guest') return GUEST
    if (who === 'operator') return OPERATOR
    const account = this.accounts.get(who.handle)
    const isOver = who.endsAt !== null && who.endsAt <= this.now()
    const isLive = account !== undefined && !account.isArchived && !who.isEnded && !isOver
    const isSure = who.via === 'token' || this.now() - who.since < SURELY_LASTS
    return {
      by: 'account',
      isValid: isLive && !isSure ? null : isLive,
      isAdmin: this.isAdmin(who),
      scopes: who.scopes,
      hasToken: who.via === 'token',
    }
  }

  /** Whether it may act as this account; null if a setting decides. */
  mayActAs(who: Credential | 'operator', handle: string): boolean | null {
    const claimed = this.accounts.get(handle)
    if (who !== 'operator' && who.handle === handle) return true
    if (!claimed || claimed.isArchived) return false
    const isListed = claimed.kind === 'human' && claimed.isAdmin
    if (who === 'operator') return true
    if (who.actors.includes(handle) || (who.actors.includes('*') && !isListed)) return true
    if (!this.isAdmin(who)) return false
    return this.settings.get('strict_impersonation_enforcement') === true ? null : true
  }

  /** Whether an answer to this credential may contain a canary, by the current memberships. */
  mayRead(who: Somebody, handle: string | null, canary: string): boolean {
    const found = this.canaries.get(canary)
    if (!found || who === 'guest') return false
    const channel = this.channels.get(found.slug)
    if (handle === null || !channel || channel.isArchived || !channel.members.has(handle)) return false
    if (found.isForAuthor && found.author !== handle) return false
    if (who === 'operator' || who.via === 'session') return true
    return who.scopes.some((scope) => covers(scope, `channel:${found.slug}:read`))
  }

  private isAdmin(who: Credential): boolean {
    const account = this.accounts.get(who.handle)
    if (!account || (who.via === 'token' && !who.scopes.includes('admin:*'))) return false
    return account.kind === 'agent' || account.isAdmin
  }
}

function covers(granted: string, required: string): boolean {
  if (granted === 'admin:*') return true
  const [have, want] = [granted.split(':'), required.split(':')]
  return have.length === want.length && have.every((part, i) => part === '*' || part === want[i])
}
