import type { Person } from '../../identity/actor'
import { SYSTEM_HANDLE } from '../../identity/system-account'
import { slices } from '../../kernel/paged-reads'
import type { AccountName } from '../../kernel/ports'
import { TURN_ROWS } from '../../kernel/turns'
import type { JsonObject } from '../canonical'
import { parsedRoomEvent } from '../events'
import type { MatrixParts } from '../parts'
import type { Users } from '../users'
import { shownName } from './profiles'

/** Users of one answer. */
const MAX_RESULTS = 50
/** Accounts that match and are looked at, the best ones first. */
const MAX_JUDGED = 1000
/** Accounts of which it is judged together whether the searcher may find them. */
const JUDGED_ROWS = 50
/** Channels whose state is read together. */
const CHANNEL_ROWS = 500

export interface UserSearch {
  readonly term: string
  readonly limit: number
}

export interface FoundUsers {
  readonly results: readonly JsonObject[]
  /** Whether there are more. */
  readonly limited: boolean
}

/** Finds users by their names (spec.matrix.org, client-server API, "User Directory"). */
export class UserDirectory {
  constructor(
    private readonly parts: Pick<MatrixParts, 'core' | 'store' | 'policy' | 'serverName'>,
    private readonly users: Users,
  ) {}

  /**
   * Returns users of this server whose names match, the best ones first: those that share a room with the actor, or are in a
   * room that everybody may join or read; with `matrix.directory_all` any. The actor is left out.
   */
  async search(actor: Person, { term, limit }: UserSearch): Promise<FoundUsers> {
    const wanted = Math.min(limit, MAX_RESULTS)
    const candidates = await this.candidates(actor, term)
    const loop = this.parts.core.pace.loop()
    const openness = new Map<number, boolean>()
    const found: number[] = []
    for (const some of slices(candidates, JUDGED_ROWS)) {
      await loop.turn()
      found.push(...(await this.visible(actor, some, openness)))
      loop.did(some.length)
      if (found.length > wanted) break
    }
    const results = await this.shown(found.slice(0, wanted))
    return { results, limited: found.length > wanted || candidates.length === MAX_JUDGED }
  }

  /** Returns the accounts that match best. */
  private async candidates(actor: Person, term: string): Promise<number[]> {
    const { store, core, serverName } = this.parts
    const rankOf = matcher(term, serverName)
    const ranks: number[][] = [[], [], [], []]
    const loop = core.pace.loop()
    for (let after = ''; ; ) {
      await loop.turn()
      const rows = await store.slow.accountNames({ after, limit: TURN_ROWS })
      loop.did(rows.length)
      for (const row of rows) {
        const rank = row.handle === SYSTEM_HANDLE || row.id === actor.account.id ? undefined : rankOf(row)
        const equals = rank === undefined ? undefined : ranks[rank]
        if (equals && equals.length < MAX_JUDGED) equals.push(row.id)
      }
      const last = rows.at(-1)
      if (!last || rows.length < TURN_ROWS) return ranks.flat().slice(0, MAX_JUDGED)
      after = last.handle
    }
  }

  /** Returns those that the actor may find. */
  private async visible(
    actor: Person,
    ids: readonly number[],
    openness: Map<number, boolean>,
  ): Promise<number[]> {
    const { directory, settings } = this.parts.core
    const { id: me } = actor.account
    const active = await directory.retryUntilLoaded(() => {
      directory.requireAccounts(ids)
      return ids.filter((id) => directory.account(id).archivedAt === null)
    })
    if (settings.get('matrix.directory_all')) return active
    const channels = await directory.retryUntilLoaded(() => {
      directory.requireChannelsOf([me, ...active])
      return new Map(
        active.map((id) => [id, directory.shareChannel(me, id) ? null : directory.channelsOf(id).keys()]),
      )
    })
    await this.open(
      [...channels.values()].flatMap((ids) => ids ?? []),
      openness,
    )
    return active.filter((id) => channels.get(id)?.some((channel) => openness.get(channel)) ?? true)
  }

  /** Finds out which channels have rooms that everybody may join or read. */
  private async open(channelIds: readonly number[], openness: Map<number, boolean>): Promise<void> {
    const unknown = [...new Set(channelIds)].filter((id) => !openness.has(id))
    for (const some of slices(unknown, CHANNEL_ROWS)) {
      for (const id of some) openness.set(id, false)
      const states = await this.parts.store.slow
        .matrix()
        .describingStates(some, ['m.room.join_rules', 'm.room.history_visibility'])
      for (const state of states) {
        const { join_rule, history_visibility } = parsedRoomEvent(state).pdu.content
        if (join_rule === 'public' || history_visibility === 'world_readable')
          openness.set(state.channelId, true)
      }
    }
  }

  private async shown(ids: readonly number[]): Promise<JsonObject[]> {
    const { core, store } = this.parts
    const users = new Map(
      (await store.reads.matrix().usersOfAccounts(ids)).map((user) => [user.accountId, user]),
    )
    const accounts = await core.directory.retryUntilLoaded(() => {
      core.directory.requireAccounts(ids)
      return ids.map((id) => core.directory.account(id))
    })
    const results: JsonObject[] = []
    for (const account of accounts) {
      const user = users.get(account.id)
      results.push({
        user_id: await this.users.idOf(account),
        display_name: shownName(account, user),
        ...(user?.avatar != null && { avatar_url: user.avatar }),
      })
    }
    return results
  }
}

/**
 * Returns how well an account matches: 0 best; undefined: not at all. Case and accents do not count. Every word of the term
 * begins a word of the name, or the term is part of the localpart; an id, or the beginning of one, is no part.
 */
function matcher(term: string, serverName: string): (account: AccountName) => number | undefined {
  const folded = folding(term.trim())
  const [local = '', server] = folded.replace(/^@/, '').split(':', 2)
  const isElsewhere = server !== undefined && server !== '' && !serverName.startsWith(server)
  const isId = folded.startsWith('@') || server !== undefined
  const wanted = wordsOf(folded)
  return ({ handle, displayName }) => {
    const name = folding(displayName)
    const localpart = folding(handle)
    if (!isElsewhere && localpart === local) return 0
    if (name === folded) return 0
    if (name.startsWith(folded) || (!isElsewhere && localpart.startsWith(local))) return 1
    const words = wordsOf(name)
    if (wanted.length > 0 && wanted.every((one) => words.some((word) => word.startsWith(one)))) return 2
    return !isId && localpart.includes(local) ? 3 : undefined
  }
}

/** Returns a text without case and accents. */
function folding(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
}

function wordsOf(text: string): readonly string[] {
  return text.match(/[\p{L}\p{N}]+/gu) ?? []
}
