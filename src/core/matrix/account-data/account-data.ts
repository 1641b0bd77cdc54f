/**
 * What accounts keep on the homeserver for themselves: account data, tags, filters, profiles and the keys
 * of their devices. Imports the core alone.
 * Start reading here, then profiles.ts and device-keys.ts.
 */
import type { Person } from '../../identity/actor'
import type { Reads, Writes } from '../../kernel/ports'
import { canonicalJson, isObject, type JsonObject } from '../canonical'
import { matrixRefusal } from '../errors'
import type { CaughtUp, MatrixParts } from '../parts'
import { PUSH_RULES, shownPushRules } from '../push/rules'
import { parseSyncFilter } from '../sync/filters'
import type { Users } from '../users'

const TAGS = 'm.tag'
/** Is not account data here, and looks like it to clients. */
const FULLY_READ = 'm.fully_read'

/** The largest name of a type or tag, in characters. */
const MAX_NAME = 255

/** Account data, tags and filters. Data of a room are those of its member, also after it left. */
export class AccountData {
  constructor(
    private readonly parts: Pick<MatrixParts, 'core' | 'store'> & { readonly caughtUp: CaughtUp },
    private readonly users: Users,
  ) {}

  /** Returns a value of the account, or of one of its rooms. @throws M_NOT_FOUND, M_FORBIDDEN */
  async get(actor: Person, roomId: string | undefined, type: string): Promise<string> {
    const { reads } = this.parts.store
    if (roomId !== undefined) await this.parts.caughtUp()
    const channelId = await this.channelOf(reads, actor, roomId)
    if (channelId !== 0 && type === FULLY_READ) return this.fullyRead(actor.account.id, channelId)
    const json = await reads.matrix().accountDatum(actor.account.id, channelId, type)
    if (channelId === 0 && type === PUSH_RULES)
      return JSON.stringify(shownPushRules(await this.users.idOf(actor.account), json))
    if (json === undefined) throw matrixRefusal('M_NOT_FOUND', 'There is no account data of this type')
    return json
  }

  /** Sets a value of the account, or of one of its rooms. @throws M_FORBIDDEN */
  set(actor: Person, roomId: string | undefined, type: string, content: JsonObject): Promise<void> {
    return this.change(actor, roomId, type, () => content)
  }

  /** The tags of a room, by name. @throws M_FORBIDDEN */
  async tags(actor: Person, roomId: string): Promise<JsonObject> {
    const { reads } = this.parts.store
    await this.parts.caughtUp()
    const channelId = await this.channelOf(reads, actor, roomId)
    return tagsIn(await reads.matrix().accountDatum(actor.account.id, channelId, TAGS))
  }

  /** @throws M_FORBIDDEN */
  setTag(actor: Person, roomId: string, tag: string, content: JsonObject): Promise<void> {
    return this.change(actor, roomId, TAGS, (before) => ({ tags: { ...tagsIn(before), [tag]: content } }))
  }

  /** @throws M_FORBIDDEN */
  removeTag(actor: Person, roomId: string, tag: string): Promise<void> {
    return this.change(actor, roomId, TAGS, (before) => {
      const { [tag]: _, ...others } = tagsIn(before)
      return { tags: others }
    })
  }

  /** Stores a filter of `/sync` and returns its id. @throws M_BAD_JSON for a value that is no filter */
  keepFilter(actor: Person, filter: JsonObject): Promise<number> {
    parseSyncFilter(filter)
    const json = canonicalJson(filter)
    const { core } = this.parts
    return core.transactions.run(actor, async (tx) => {
      const { account } = core.policy.current(actor)
      return tx.matrix().keepFilter(account.id, json)
    })
  }

  /** Returns a filter of the account. @throws M_NOT_FOUND */
  async filter(actor: Person, id: string): Promise<string> {
    const n = /^\d{1,9}$/.test(id) ? Number(id) : 0
    const json = await this.parts.store.reads.matrix().storedFilter(actor.account.id, n)
    if (json === undefined) throw matrixRefusal('M_NOT_FOUND', 'You have no filter with this id')
    return json
  }

  /** The marker up to which the account has read a room. @throws M_NOT_FOUND */
  private async fullyRead(accountId: number, channelId: number): Promise<string> {
    const matrix = this.parts.store.reads.matrix()
    const kind = FULLY_READ
    const receipt = await matrix.receipt({ channelId, accountId, kind, thread: '' })
    const { mx } = receipt ?? { mx: 0 }
    const found = (await matrix.receiptsIn(channelId, { after: mx - 1, upTo: mx })).find(
      (one) => one.accountId === accountId && one.kind === kind,
    )
    if (!found) throw matrixRefusal('M_NOT_FOUND', 'You have set no marker in this room')
    return JSON.stringify({ event_id: found.eventId })
  }

  private async change(
    actor: Person,
    roomId: string | undefined,
    type: string,
    contentAfter: (before: string | undefined) => JsonObject,
  ): Promise<void> {
    if (type.length > MAX_NAME)
      throw matrixRefusal('M_INVALID_PARAM', `A type has at most ${MAX_NAME} characters`)
    const { core, caughtUp } = this.parts
    if (roomId !== undefined) await caughtUp()
    return core.transactions.run(actor, async (tx: Writes) => {
      const { id: accountId } = core.policy.current(actor).account
      const channelId = await this.channelOf(tx, actor, roomId)
      const matrix = tx.matrix()
      const before = await matrix.accountDatum(accountId, channelId, type)
      const json = JSON.stringify(contentAfter(before))
      const mx = await matrix.nextMx(`a${accountId}`)
      await matrix.setAccountDatum({ accountId, channelId, type, json, mx })
    })
  }

  /** The channel of a room that the actor is or was in; 0 without a room. @throws M_FORBIDDEN */
  private async channelOf(reads: Reads, actor: Person, roomId: string | undefined): Promise<number> {
    if (roomId === undefined) return 0
    const room = await reads.matrix().room({ roomId })
    const userId = await this.users.idOf(actor.account)
    const member = room && (await reads.matrix().member(userId, room.channelId))
    if (!member) throw matrixRefusal('M_FORBIDDEN', 'You are not in this room')
    return room.channelId
  }
}

function tagsIn(json: string | undefined): JsonObject {
  const content: unknown = json === undefined ? undefined : JSON.parse(json)
  return isObject(content) && isObject(content.tags) ? content.tags : {}
}
