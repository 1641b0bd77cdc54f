/**
 * Webhooks: addresses that accounts want to have called (docs/contract/webhooks.md). push.ts is the one endpoint that an admin
 * sets for an agent; queueing.ts and event-feed.ts decide what is sent; dispatcher.ts, attempt.ts and results.ts send it;
 * delivery-log.ts shows it.
 * Imports only the core. Start reading here.
 */
import type { Directory } from '../access/directory'
import type { Policy } from '../access/policy'
import type { Administration } from '../governance/administration'
import { type AuditAction, entryBy } from '../governance/audit'
import { type Actor, accountOf, type Person } from '../identity/actor'
import type { SelfService } from '../identity/self-service'
import type { Account, Channel, WakeReason } from '../kernel/entities'
import { AppError, refusal } from '../kernel/errors'
import { parseUuid, type Secrets } from '../kernel/ids'
import { MAX_WEBHOOKS } from '../kernel/limits'
import type { Outbound } from '../kernel/outbound'
import type { Reads, Writes } from '../kernel/ports'
import type { Webhook, WebhookChange, WebhookMode, WebhookSource } from '../kernel/webhook-ports'
import { accountEvent } from '../log/events'
import type { WebhookSecrets } from './ports'
import { limitsBy } from './reader'
import { AFRESH, checkTarget, type NewSecret, newSecret, replacedSecret } from './targets'
import { DEFAULT_WAKE_ON } from './wakes'

/** The id of the push endpoint among the webhooks of its account. */
export const PUSH_ID = 'push'

export interface WebhookFields {
  readonly name: string
  readonly url: string
  readonly reasons: readonly WakeReason[] | null
  readonly types: readonly string[] | null
  /** Slugs. */
  readonly channels: readonly string[] | null
  readonly mode: WebhookMode
  readonly batchSeconds: number
}

export interface NewWebhookRequest extends WebhookFields {
  readonly source: WebhookSource
  /** Null = a new one is made. */
  readonly secret: string | null
}

export interface WebhookPatch extends Partial<WebhookFields> {
  readonly enabled?: boolean
  readonly rotateSecret?: boolean
}

/** A webhook as it is shown. */
export interface WebhookView {
  readonly webhook: Webhook
  readonly account: Account
  readonly reasons: readonly WakeReason[]
  /** Slugs. */
  readonly channels: readonly string[] | null
  readonly pending: number
  readonly dead: number
}

/** A webhook after a change, and its secret if that is new. */
export interface ChangedWebhook {
  readonly view: WebhookView
  readonly secret: string | null
}

export interface WebhooksDeps {
  readonly reads: Reads
  readonly directory: Directory
  readonly policy: Policy
  readonly administration: Administration
  readonly selfService: SelfService
  readonly outbound: Pick<Outbound, 'check'>
  readonly secrets: WebhookSecrets & Pick<Secrets, 'uuid'>
}

export class Webhooks {
  constructor(private readonly deps: WebhooksDeps) {}

  /** The webhooks of the actor, its push endpoint first. */
  async list(actor: Person): Promise<WebhookView[]> {
    const { reads } = this.deps
    return this.views(reads, inOrder(await reads.webhooksOf([actor.account.id])))
  }

  /** The webhooks of all accounts, or of one, with the handle of the next page. @throws account_not_found */
  async listAll(
    actor: Actor,
    { account: handle, after, limit }: { account: string | null; after: number; limit: number },
  ): Promise<{ readonly webhooks: readonly WebhookView[]; readonly next: number | null }> {
    const { administration, reads } = this.deps
    administration.check(actor)
    const owner = handle === null ? null : await reads.account({ handle })
    if (owner === undefined) throw refusal('account_not_found')
    const found = await reads.listWebhooks(owner?.id ?? null, { after, limit: limit + 1 })
    const page = found.slice(0, limit)
    const next = found.length > limit ? (page.at(-1)?.id ?? null) : null
    return { webhooks: await this.views(reads, page), next }
  }

  /** @throws webhook_not_found */
  async get(actor: Person, id: string): Promise<WebhookView> {
    const { reads } = this.deps
    return this.view(reads, await ownWebhook(reads, actor.account.id, id))
  }

  /** @throws webhook_target_blocked, quota_exceeded, channel_not_found and the other errors of reading a channel, draining */
  async create(actor: Person, request: NewWebhookRequest): Promise<ChangedWebhook> {
    const { selfService, secrets, outbound } = this.deps
    selfService.refuseWhileDraining(actor)
    await checkTarget(outbound, request.url, false)
    return selfService.act(actor, async (tx, now) => {
      const { account } = now
      const known = (await tx.webhooksOf([account.id])).filter(({ uuid }) => uuid !== null)
      if (known.length >= MAX_WEBHOOKS) throw tooMany()
      const channels = this.channelsOf(now, request.channels)
      const uuid = secrets.uuid()
      const { secret, sealed } = newSecret(secrets, request.secret)
      const facts = { webhook_id: uuid, enabled: true }
      const { seq } = await tx.append(accountEvent('account.webhook_changed', account, facts), accountOf(now))
      const { name, url, source, reasons, types, mode, batchSeconds } = request
      const webhook = await tx.insertWebhook({
        ...{ uuid, accountId: account.id, name, url, source, reasons, types, mode, batchSeconds },
        channels: idsOf(channels),
        enabled: true,
        secretSealed: sealed,
        vouched: false,
        scopes: limitsBy(now),
        sinceSeq: seq,
        position: seq,
        createdAt: tx.now(),
      })
      await note(tx, now, 'webhook.create', webhook)
      return { view: await this.view(tx, webhook), secret }
    })
  }

  /**
   * Changes a webhook of the actor. It is sent what the credential that changed it last may read.
   * @throws webhook_not_found, webhook_target_blocked, the errors of reading a channel, draining
   */
  async update(actor: Person, id: string, patch: WebhookPatch): Promise<ChangedWebhook> {
    const { selfService, secrets, outbound } = this.deps
    selfService.refuseWhileDraining(actor)
    const before = await ownWebhook(this.deps.reads, actor.account.id, id)
    if (patch.url !== undefined && patch.url !== before.url) await checkTarget(outbound, patch.url, false)
    return selfService.act(actor, async (tx, now) => {
      const { account } = now
      const webhook = await ownWebhook(tx, account.id, id)
      const isEnabled = patch.enabled ?? webhook.enabled
      if (isEnabled && webhook.url === null && patch.url === undefined) throw refusal('webhook_url_required')
      const channels = patch.channels === undefined ? undefined : this.channelsOf(now, patch.channels)
      const fresh = patch.rotateSecret ? newSecret(secrets, null) : undefined
      const facts = { webhook_id: webhook.uuid ?? PUSH_ID, enabled: isEnabled }
      const { seq } = await tx.append(accountEvent('account.webhook_changed', account, facts), accountOf(now))
      const changed = await tx.updateWebhook(webhook.id, {
        ...this.changeBy(webhook, patch, fresh, tx),
        ...(channels === undefined ? {} : { channels: idsOf(channels) }),
        scopes: limitsBy(now),
        ...(isEnabled && !webhook.enabled ? { ...AFRESH, sinceSeq: seq } : {}),
      })
      if (!isEnabled && webhook.enabled) await tx.endDeliveries(webhook.id, tx.now())
      await note(tx, now, 'webhook.update', webhook)
      return { view: await this.view(tx, changed), secret: fresh?.secret ?? null }
    })
  }

  /** Deletes a webhook with its deliveries; the push endpoint, too. @throws webhook_not_found, draining */
  async remove(actor: Person, id: string): Promise<void> {
    await this.deps.selfService.act(actor, async (tx, now) => {
      const webhook = await ownWebhook(tx, now.account.id, id)
      const facts = { webhook_id: webhook.uuid ?? PUSH_ID, enabled: false }
      await tx.append(accountEvent('account.webhook_changed', now.account, facts), accountOf(now))
      await tx.deleteWebhook(webhook.id)
      await note(tx, now, 'webhook.delete', webhook)
    })
  }

  private changeBy(
    webhook: Webhook,
    patch: WebhookPatch,
    fresh: NewSecret | undefined,
    tx: Pick<Writes, 'now'>,
  ): WebhookChange {
    const { name, url, reasons, types, mode, batchSeconds, enabled } = patch
    const isMoved = url !== undefined && url !== webhook.url
    return {
      ...(name === undefined ? {} : { name }),
      ...(reasons === undefined ? {} : { reasons }),
      ...(types === undefined ? {} : { types }),
      ...(mode === undefined ? {} : { mode }),
      ...(batchSeconds === undefined ? {} : { batchSeconds }),
      ...(enabled === undefined ? {} : { enabled }),
      // What an admin has allowed is allowed for that address alone.
      ...(isMoved ? { url, vouched: false } : {}),
      ...(fresh ? replacedSecret(webhook, fresh, tx.now()) : {}),
    }
  }

  /** Returns the channels of these slugs. @throws what reading them throws */
  private channelsOf(actor: Person, slugs: readonly string[] | null): Channel[] | null {
    return slugs === null ? null : slugs.map((slug) => this.deps.policy.read(actor, slug).channel)
  }

  private async view(reads: Reads, webhook: Webhook): Promise<WebhookView> {
    const [view] = await this.views(reads, [webhook])
    if (!view) throw refusal('webhook_not_found')
    return view
  }

  private async views(reads: Reads, webhooks: readonly Webhook[]): Promise<WebhookView[]> {
    const counts = await reads.webhookCounts(webhooks.map(({ id }) => id))
    const owners = await reads.accountsByIds([...new Set(webhooks.map(({ accountId }) => accountId))])
    const accounts = new Map(owners.map((account) => [account.id, account]))
    const channels = await reads.channelsByIds([...new Set(webhooks.flatMap((one) => one.channels ?? []))])
    const slugs = new Map(channels.map(({ id, slug }) => [id, slug]))
    const wakeOn = new Map<number, readonly WakeReason[]>()
    for (const webhook of webhooks.filter(({ uuid, reasons }) => uuid !== null && reasons === null))
      if (!wakeOn.has(webhook.accountId)) {
        const push = await reads.webhook({ pushOf: webhook.accountId })
        wakeOn.set(webhook.accountId, push?.reasons ?? DEFAULT_WAKE_ON)
      }
    return webhooks.flatMap((webhook) => {
      const account = accounts.get(webhook.accountId)
      if (!account) return []
      return {
        webhook,
        account,
        reasons: webhook.reasons ?? wakeOn.get(webhook.accountId) ?? DEFAULT_WAKE_ON,
        channels: webhook.channels?.flatMap((id) => slugs.get(id) ?? []) ?? null,
        ...(counts.get(webhook.id) ?? { pending: 0, dead: 0 }),
      }
    })
  }
}

/** Returns a webhook of an account: by its id, or `push`. @throws webhook_not_found */
export async function ownWebhook(reads: Reads, accountId: number, id: string): Promise<Webhook> {
  const uuid = parseUuid(id)
  const webhook =
    id === PUSH_ID ? await reads.webhook({ pushOf: accountId }) : uuid && (await reads.webhook({ uuid }))
  if (webhook?.accountId !== accountId) throw refusal('webhook_not_found')
  return webhook
}

/** Returns webhooks in order of creation, push endpoints first. */
function inOrder(webhooks: readonly Webhook[]): Webhook[] {
  return webhooks.toSorted((one, other) => Number(one.uuid !== null) - Number(other.uuid !== null))
}

function idsOf(channels: readonly Channel[] | null): number[] | null {
  return channels?.map(({ id }) => id) ?? null
}

async function note(
  tx: Writes,
  actor: Person,
  action: AuditAction,
  { uuid, source }: Webhook,
): Promise<void> {
  const facts = { account: actor.account.uuid, on: source }
  await tx.audit(entryBy(actor, action, { type: 'webhook', id: uuid ?? PUSH_ID }, facts))
}

function tooMany(): AppError {
  const message = `An account has at most ${MAX_WEBHOOKS} webhooks; delete one: DELETE /v1/me/webhooks/{id}`
  return new AppError('forbidden', 'quota_exceeded', message, { quota: 'webhooks', limit: MAX_WEBHOOKS })
}
