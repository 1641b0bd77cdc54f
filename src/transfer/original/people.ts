import { anyScopeMatches } from '../../core/access/scopes'
import { canonicalJson } from '../../core/kernel/canonical-json'
import type { Uuid } from '../../core/kernel/ids'
import { HANDLE_PATTERN, RESERVED_HANDLES, SLUG_PATTERN } from '../../core/kernel/limits'
import { type Micros, toMicros } from '../../core/kernel/time'
import { importCredentials } from './credentials'
import { importPush, type PushDeps } from './push'
import { allRows, dateOf, type Fields, type ImportParts, insertEvents, insertFields } from './rows'
import { idOf, type Raw, timeOrNull, wordOf } from './source'
import type { Warnings } from './warnings'

/** Accounts, channels and memberships by the ids of the source, for the import of messages. */
export interface People {
  readonly accounts: ReadonlyMap<
    Uuid,
    { readonly id: number; readonly handle: string; readonly kind: 'human' | 'agent' }
  >
  readonly channels: ReadonlyMap<Uuid, { readonly id: number; readonly slug: string }>
  /** `<channel>:<account>` by internal ids. */
  readonly members: ReadonlySet<string>
}

export interface PeopleDeps extends ImportParts {
  /** The time of the first message; undefined if there are none. */
  readonly firstMessageAt: Micros | undefined
  readonly push: PushDeps
}

/** Imports accounts, channels and memberships, in this order, and appends their events. */
export async function importPeople(deps: PeopleDeps): Promise<People> {
  const { source, log, warnings } = deps
  const accountRows = await allRows(source, 'accounts', 'accounts.created_at, accounts.id')
  const channelRows = await allRows(source, 'channels', 'channels.created_at, channels.id')
  const memberRows = await allRows(
    source,
    'channel_memberships',
    'channel_memberships.joined_at, channel_memberships.channel_id, channel_memberships.account_id',
  )
  let left = accountRows.length + channelRows.length + memberRows.length
  // Events of people that are later than the first message are dated just before it, so that messages keep their
  // times.
  const moment = (at: Micros) =>
    toMicros(deps.firstMessageAt === undefined ? at : Math.min(at, deps.firstMessageAt - left--))

  const accounts = new Map<Uuid, { id: number; handle: string; kind: 'human' | 'agent' }>()
  const handles = namesOf(accountRows, 'handle', 'account', warnings)
  const stored: Fields[] = []
  for (const [index, raw] of accountRows.entries()) {
    const id = index + 1
    const handle = handles[index] ?? ''
    const kind = wordOf('accounts', raw, 'kind', ['human', 'agent'])
    const createdAt = dateOf(deps, 'accounts', raw, 'created_at')
    const uuid = idOf('accounts', raw)
    if (RESERVED_HANDLES.has(handle))
      warnings.say(`account ${handle}: a reserved word, so it cannot be mentioned`)
    else if (!HANDLE_PATTERN.test(handle))
      warnings.say(`account ${handle}: such a handle is not allowed any more; it is kept`)
    accounts.set(uuid, { id, handle, kind })
    stored.push({
      id,
      uuid,
      kind,
      handle,
      display_name: raw.display_name ?? handle,
      email: raw.email ?? null,
      password_hash: raw.password_hash ?? null,
      is_admin: false,
      about: '',
      capabilities: '[]',
      residency: 'episodic',
      created_at: createdAt,
      archived_at: timeOrNull('accounts', raw, 'archived_at'),
    })
    log.append('account.created', moment(createdAt), { subject: id })
  }
  await insertFields(deps, 'accounts', stored)
  await importPush(deps, deps.push, accountRows, handles)

  const channels = new Map<Uuid, { id: number; slug: string }>()
  const slugs = namesOf(channelRows, 'slug', 'channel', warnings)
  const channelFields = channelRows.map((raw, index): Fields => {
    const id = index + 1
    const slug = slugs[index] ?? ''
    const kind = wordOf('channels', raw, 'kind', ['public', 'private', 'dm'])
    const createdAt = dateOf(deps, 'channels', raw, 'created_at')
    const uuid = idOf('channels', raw)
    if (!SLUG_PATTERN.test(slug) || (kind !== 'dm' && slug.startsWith('dm-')))
      warnings.say(`channel ${slug}: such a slug is not allowed any more; it is kept`)
    channels.set(uuid, { id, slug })
    log.append('channel.created', moment(createdAt), { subject: id, channelId: id })
    return {
      id,
      uuid,
      slug,
      name: raw.name ?? slug,
      description: raw.description ?? null,
      kind,
      created_at: createdAt,
      archived_at: timeOrNull('channels', raw, 'archived_at'),
    }
  })
  await insertFields(deps, 'channels', channelFields)

  const scopesOf = await importCredentials(deps, accounts)
  const members = new Set<string>()
  const memberFields: Fields[] = []
  for (const raw of memberRows) {
    const account = accounts.get(idOf('channel_memberships', raw, 'account_id'))
    const channel = channels.get(idOf('channel_memberships', raw, 'channel_id'))
    const joinedAt = dateOf(deps, 'channel_memberships', raw, 'joined_at')
    const toldAt = moment(joinedAt)
    if (!account || !channel) {
      warnings.count('memberships of an account or a channel that is missing: left out')
      continue
    }
    const role = wordOf('channel_memberships', raw, 'role', ['admin', 'member', 'read_only'])
    const seq = log.append('member.joined', toldAt, {
      subject: account.id,
      channelId: channel.id,
      data: canonicalJson({ role }),
    })
    members.add(`${channel.id}:${account.id}`)
    memberFields.push({
      channel_id: channel.id,
      account_id: account.id,
      role,
      joined_at: joinedAt,
      joined_seq: seq,
      notify: 'all',
    })
    const granted = scopesOf.get(account.id) ?? []
    if (role === 'read_only' && anyScopeMatches(granted, `channel:${channel.slug}:post`))
      warnings.say(`agent ${account.handle} is read_only in ${channel.slug} and can no longer post there`)
  }
  await insertFields(deps, 'memberships', memberFields)
  await insertEvents(deps)
  return { accounts, channels, members }
}

/**
 * Returns the names in lower case, as all names that clients send. If two names would become equal, the later one is
 * kept as it is.
 */
function namesOf(rows: readonly Raw[], column: string, what: string, warnings: Warnings): string[] {
  const taken = new Set<string>()
  return rows.map((raw) => {
    const given = raw[column] ?? ''
    const lower = given.toLowerCase()
    const name = taken.has(lower) ? given : lower
    taken.add(name)
    if (name !== given) warnings.say(`${what} ${given}: is now called ${name}, in lower case as all names`)
    else if (name !== lower)
      warnings.say(`${what} ${given}: keeps its capitals, because ${lower} exists; no request can name it`)
    return name
  })
}
