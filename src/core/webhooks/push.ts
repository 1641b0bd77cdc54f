import type { Policy } from '../access/policy'
import type { Administration } from '../governance/administration'
import { entryBy } from '../governance/audit'
import { type Actor, accountOf, type Person } from '../identity/actor'
import type { SelfService } from '../identity/self-service'
import type { Account, WakeReason } from '../kernel/entities'
import { refusal } from '../kernel/errors'
import type { Uuid } from '../kernel/ids'
import type { Outbound } from '../kernel/outbound'
import type { Reads, Writes } from '../kernel/ports'
import type { NewWebhook, Webhook, WebhookMode } from '../kernel/webhook-ports'
import { accountEvent } from '../log/events'
import type { WebhookSecrets } from './ports'
import { limitsBy } from './reader'
import { AFRESH, checkTarget, newSecret, replacedSecret } from './targets'
import { DEFAULT_WAKE_ON } from './wakes'

export interface PushChange {
  readonly enabled: boolean
  readonly url: string | null
  /** Null = a new one is made. */
  readonly secret: string | null
  /** Null = as before. */
  readonly wakeOn: readonly WakeReason[] | null
  /** Null = as before. */
  readonly mode: WebhookMode | null
}

/** The push endpoint of an account as it is shown. */
export interface Push {
  readonly account: Account
  readonly enabled: boolean
  readonly url: string | null
  readonly hasSecret: boolean
  readonly wakeOn: readonly WakeReason[]
  readonly mode: WebhookMode
}

/** A push endpoint after a change, with the new secret. */
export interface ChangedPush extends Push {
  readonly secret: string | null
}

export interface PushDeps {
  readonly reads: Reads
  readonly policy: Policy
  readonly administration: Administration
  readonly selfService: SelfService
  readonly outbound: Pick<Outbound, 'check'>
  readonly secrets: WebhookSecrets
}

/** The push endpoints of accounts: one webhook each, which wakes the account (docs/contract/webhooks.md#push). */
export class PushEndpoints {
  constructor(private readonly deps: PushDeps) {}

  /** @throws admin_scope_required, not_admin; account_not_found */
  async get(actor: Actor, uuid: Uuid): Promise<Push> {
    this.deps.administration.check(actor)
    return this.show(await existing(this.deps.reads, uuid))
  }

  /** @throws agents_only */
  async getOwn(actor: Person): Promise<Push> {
    requireAgent(actor)
    return this.show(actor.account)
  }

  /**
   * Sets or disables the push endpoint of an account. The address that an admin sets may be in a private network.
   * @throws admin_scope_required, not_admin; account_not_found, account_erased; webhook_url_required, webhook_target_blocked
   */
  async set(actor: Actor, uuid: Uuid, change: PushChange): Promise<ChangedPush> {
    const { administration, reads } = this.deps
    administration.check(actor)
    const isAgent = (await existing(reads, uuid)).kind === 'agent'
    await this.check(change, isAgent, true)
    return administration.act(actor, async (tx) => {
      const account = await existing(tx, uuid)
      if (account.erasedAt !== null) throw refusal('account_erased')
      return this.write(tx, actor, account, change, true)
    })
  }

  /** @throws agents_only, webhook_url_required, webhook_target_blocked, draining */
  async setOwn(actor: Person, change: PushChange): Promise<ChangedPush> {
    requireAgent(actor)
    this.deps.selfService.refuseWhileDraining(actor)
    await this.check(change, true, false)
    return this.deps.selfService.act(actor, (tx, now) => this.write(tx, now, now.account, change, false))
  }

  private async check({ enabled, url }: PushChange, isAgent: boolean, isVouched: boolean): Promise<void> {
    if (!enabled || !isAgent) return
    if (url === null) throw refusal('webhook_url_required')
    await checkTarget(this.deps.outbound, url, isVouched)
  }

  private async write(
    tx: Writes,
    actor: Actor,
    account: Account,
    change: PushChange,
    byAdmin: boolean,
  ): Promise<ChangedPush> {
    const { enabled } = change
    const known = await tx.webhook({ pushOf: account.id })
    const reasons = change.wakeOn ?? known?.reasons ?? DEFAULT_WAKE_ON
    const mode = change.mode ?? known?.mode ?? 'message'
    // A person has no endpoint, only the flag.
    const isCalled = enabled && account.kind === 'agent'
    const secret = isCalled ? newSecret(this.deps.secrets, change.secret) : null
    const at = tx.now()
    const event = await tx.append(
      accountEvent('account.push_changed', account, { enabled }),
      accountOf(actor),
    )
    const none = { secretSealed: null, formerSecretSealed: null, formerUntil: null }
    const state = {
      reasons,
      mode,
      url: isCalled ? change.url : null,
      vouched: isCalled && byAdmin,
      scopes: byAdmin ? null : limitsBy(actor),
      sinceSeq: event.seq,
      ...AFRESH,
      enabled,
    }
    const sealed = secret ? replacedSecret(known, secret, at) : none
    if (known) {
      await tx.updateWebhook(known.id, { ...state, ...sealed })
      if (!isCalled) await tx.endDeliveries(known.id, at)
    } else {
      const { enabled, url, vouched, scopes, sinceSeq } = state
      const fresh = { enabled, url, vouched, scopes, sinceSeq, reasons, mode }
      await tx.insertWebhook({
        ...NEW_PUSH,
        ...fresh,
        secretSealed: sealed.secretSealed,
        ...ofAccount(account, at),
      })
    }
    const action = enabled ? 'push.set' : 'push.disable'
    await tx.audit(entryBy(actor, action, { type: 'account', id: account.uuid }))
    return { ...(await this.show(account, tx)), secret: secret?.secret ?? null }
  }

  private async show(account: Account, reads: Reads = this.deps.reads): Promise<Push> {
    return shown(account, await reads.webhook({ pushOf: account.id }))
  }
}

function shown(account: Account, webhook: Webhook | undefined): Push {
  return {
    account,
    enabled: webhook?.enabled ?? false,
    url: webhook?.url ?? null,
    hasSecret: (webhook?.secretSealed ?? null) !== null,
    wakeOn: webhook?.reasons ?? DEFAULT_WAKE_ON,
    mode: webhook?.mode ?? 'message',
  }
}

const NEW_PUSH = {
  uuid: null,
  name: 'push',
  source: 'inbox',
  types: null,
  channels: null,
  batchSeconds: 5,
  position: 0,
} as const satisfies Partial<NewWebhook>

function ofAccount({ id }: Account, createdAt: NewWebhook['createdAt']) {
  return { accountId: id, createdAt }
}

function requireAgent({ account }: Person): void {
  if (account.kind !== 'agent') throw refusal('agents_only')
}

async function existing(reads: Reads, uuid: Uuid): Promise<Account> {
  const account = await reads.account({ uuid })
  if (!account) throw refusal('account_not_found')
  return account
}
