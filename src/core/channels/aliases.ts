import type { Directory } from '../access/directory'
import type { Policy } from '../access/policy'
import { entryBy } from '../governance/audit'
import { normalName } from '../identity/accounts'
import type { Person } from '../identity/actor'
import type { ChannelAliases } from '../kernel/entities'
import { AppError, refusal } from '../kernel/errors'
import { HANDLE_PATTERN, MAX_ALIAS_HANDLES, MAX_ALIASES, RESERVED_HANDLES } from '../kernel/limits'
import { isName } from '../kernel/text'
import type { Transactions } from '../kernel/transactions'
import { channelEvent } from '../log/events'

/** The mention aliases of a channel. Those in the setting `named_aliases` apply besides; an alias stored here wins. */
export class Aliases {
  constructor(
    private readonly deps: {
      readonly directory: Directory
      readonly policy: Policy
      readonly transactions: Transactions
    },
  ) {}

  /** @throws the access errors of reading */
  async get(actor: Person, slug: string): Promise<ChannelAliases> {
    const { directory, policy } = this.deps
    return directory.retryUntilLoaded(() =>
      directory.aliasesOf(policy.read(policy.current(actor), slug).channel.id),
    )
  }

  /**
   * Replaces all aliases of a channel that the actor administers. `given` is any JSON object.
   * @throws the errors of Policy.administer; invalid_alias
   */
  async set(actor: Person, slug: string, given: object): Promise<ChannelAliases> {
    const { directory, policy, transactions } = this.deps
    const aliases = legalAliases(given)
    return transactions.run(actor, async (tx) => {
      const now = policy.current(actor)
      const channel = policy.administer(now, slug)
      if (channel.kind === 'dm') throw refusal('not_channel_admin', { gate: 'role', channel: slug })
      if (isSame(aliases, directory.aliasesOf(channel.id))) return aliases
      await tx.setAliases(channel.id, aliases)
      const changed = ['aliases']
      await tx.append(channelEvent('channel.updated', channel, { changed }), now.account)
      const target = { type: 'channel', id: channel.uuid } as const
      await tx.audit(entryBy(now, 'channel.update', target, { slug: channel.slug, changed }))
      return aliases
    })
  }
}

/** Lower-cases names and handles. Handles need not exist: only members are mentioned. @throws invalid_alias */
function legalAliases(given: object): ChannelAliases {
  const entries = Object.entries(given)
  if (entries.length > MAX_ALIASES) throw invalidAlias(`A channel has at most ${MAX_ALIASES} aliases`)
  const aliases = new Map<string, readonly string[]>()
  for (const [text, handles] of entries) {
    const name = normalName(text.replace(/^@/, ''))
    if (!HANDLE_PATTERN.test(name) || RESERVED_HANDLES.has(name) || aliases.has(name))
      throw invalidAlias(
        'An alias is 1 to 64 of a-z, 0-9, _ and -, begins with a letter, occurs once, and is none of: channel, everyone, here, all, system, me',
      )
    if (!Array.isArray(handles) || handles.length > MAX_ALIAS_HANDLES)
      throw invalidAlias(`An alias is a list of at most ${MAX_ALIAS_HANDLES} handles`)
    aliases.set(name, [...new Set(handles.map(legalHandle))])
  }
  return Object.fromEntries([...aliases].sort(([one], [other]) => (one < other ? -1 : 1)))
}

function legalHandle(given: unknown): string {
  const handle = typeof given === 'string' ? normalName(given.replace(/^@/, '')) : ''
  if (handle === '' || handle.length > 64 || !isName(handle))
    throw invalidAlias('A handle has 1 to 64 characters')
  return handle
}

function isSame(one: ChannelAliases, other: ChannelAliases): boolean {
  const names = Object.keys(one)
  if (names.length !== Object.keys(other).length) return false
  return names.every((name) => Object.hasOwn(other, name) && one[name]?.join() === other[name]?.join())
}

function invalidAlias(message: string): AppError {
  return new AppError('invalid', 'invalid_alias', message)
}
