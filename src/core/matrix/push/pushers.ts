import type { Person } from '../../identity/actor'
import type { Account } from '../../kernel/entities'
import { type Outbound, OutboundError } from '../../kernel/outbound'
import type { Micros } from '../../kernel/time'
import { matrixRefusal } from '../errors'
import type { MatrixParts } from '../parts'
import type { Pusher } from '../pusher-ports'
import type { Positions } from '../reading/positions'
import { fieldsOf, type GivenPusher, type PusherFields } from './pusher-fields'

/** Pushers of one account. */
const MAX_PUSHERS = 100
/** The setting with the push gateways that may be called whatever their address is. */
export const PUSH_TARGETS = 'matrix.push_targets'
const PATH = '/_matrix/push/v1/notify'

/** A pusher as its owner and administrators see it. */
export interface ShownPusher extends PusherFields {
  readonly appId: string
  readonly pushkey: string
  /** How many calls in a row have failed, and since when. */
  readonly failures: number
  readonly failingSince: Micros | null
}

export interface PushersDeps extends Pick<MatrixParts, 'core' | 'store'> {
  readonly outbound: Outbound
  readonly positions: Pick<Positions, 'now'>
}

/** The pushers of accounts: which push gateways are called with what notifies them. */
export class Pushers {
  constructor(private readonly deps: PushersDeps) {}

  /** Lists the pushers of an account. A pusher ends with the device that has set it. */
  async list({ id }: Pick<Account, 'id'>): Promise<ShownPusher[]> {
    return (await this.deps.store.reads.matrix().livePushers(id)).map(shown)
  }

  /** Lists the pushers of all accounts, with the localparts of their users. */
  async listAll(): Promise<(ShownPusher & { readonly localpart: string })[]> {
    const found = await this.deps.store.reads.matrix().livePushers()
    return found.map((pusher) => ({ ...shown(pusher), localpart: pusher.localpart }))
  }

  /**
   * Sets or deletes a pusher of the caller. It tells of what happens from now on.
   * @throws M_INVALID_PARAM for a push gateway that may not be called
   */
  async set(actor: Person, device: number, given: GivenPusher): Promise<void> {
    const { core, positions } = this.deps
    const { appId, pushkey, fields, append } = given
    if (fields) await this.requireTarget(fields.data.url)
    const { end } = await positions.now()
    await core.transactions.run(actor, async (tx) => {
      const { id: accountId } = core.policy.current(actor).account
      const matrix = tx.matrix()
      const key = { accountId, appId, pushkey }
      if (!fields) await matrix.deletePusher(key)
      else {
        const others = await matrix.livePushers(accountId)
        const isNew = others.every((one) => one.appId !== appId || one.pushkey !== pushkey)
        if (isNew && others.length >= MAX_PUSHERS)
          throw matrixRefusal('M_INVALID_PARAM', `A user has at most ${MAX_PUSHERS} pushers`)
        await matrix.setPusher({ ...key, device, json: JSON.stringify(fields), setAt: tx.now(), pos: end })
      }
      const others = fields && !append ? await matrix.deletePushersOfOthers(key) : []
      for (const id of [accountId, ...others]) await matrix.nextMx(`p${id}`)
    })
  }

  /** @throws M_INVALID_PARAM */
  private async requireTarget(text: string): Promise<void> {
    const url = URL.parse(text)
    if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:'))
      throw matrixRefusal('M_INVALID_PARAM', 'data.url is no URL of a push gateway')
    const { outbound } = this.deps
    const isExempt = outbound.isListed(text, PUSH_TARGETS)
    if (!isExempt && url.protocol !== 'https:')
      throw matrixRefusal('M_INVALID_PARAM', 'The URL of a push gateway begins with https://')
    if (!isExempt && `${url.pathname}${url.search}${url.hash}` !== PATH)
      throw matrixRefusal('M_INVALID_PARAM', `The path of a push gateway is ${PATH}`)
    try {
      await outbound.check({ url: text, allowedBy: PUSH_TARGETS })
    } catch (error) {
      if (!(error instanceof OutboundError)) throw error
      throw matrixRefusal('M_INVALID_PARAM', `This push gateway cannot be called: ${error.message}`)
    }
  }
}

function shown(pusher: Pusher): ShownPusher {
  const { appId, pushkey, failures, failingSince } = pusher
  return { appId, pushkey, ...fieldsOf(pusher), failures, failingSince }
}
