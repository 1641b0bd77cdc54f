import type { Directory } from '../access/directory'
import type { Policy } from '../access/policy'
import { type ApprovalView, viewApproval } from '../approvals/approval-view'
import { type ClaimView, viewClaims } from '../coordination/claim-view'
import { type Actor, isHuman, type Person, requireAdmin } from '../identity/actor'
import type { MembershipKey, MembershipView } from '../kernel/channel-ports'
import type { Account, Attachment, Channel, Message, MessageView, Token } from '../kernel/entities'
import { AppError, refusal } from '../kernel/errors'
import type { Seq, Uuid } from '../kernel/ids'
import type { MessagePosition, Store } from '../kernel/ports'
import type { OwnReaction } from '../kernel/removal-ports'
import type { Clock } from '../kernel/time'
import type { Pace } from '../kernel/turns'
import type { Log } from '../log/log'
import { viewMessages } from '../messages/views'
import type { Administration } from './administration'
import { type AuditRecord, entryBy } from './audit'
import type { Settings } from './settings'

/** Rows of one read. */
const PAGE = 500
/** An export that was not read on for this long no longer counts as running: its reader has gone. */
const IDLE_MILLISECONDS = 60_000

/** One line of an export. Nothing in it is a secret or a hash of one. */
export type ExportRecord =
  | { readonly of: 'account'; readonly account: Account }
  | { readonly of: 'membership'; readonly membership: MembershipView }
  | { readonly of: 'token'; readonly token: Token; readonly account: Account }
  | { readonly of: 'message'; readonly view: MessageView }
  | { readonly of: 'attachment'; readonly attachment: Attachment; readonly message: Uuid }
  | { readonly of: 'reaction'; readonly reaction: OwnReaction; readonly channel: Channel }
  | { readonly of: 'claim'; readonly claim: ClaimView }
  | { readonly of: 'approval'; readonly approval: ApprovalView }
  | { readonly of: 'audit'; readonly record: AuditRecord }

/** What an export may contain. Judged again for every page. */
interface Extent {
  readonly account: Account
  /** The account itself, with the rights of its credential; null for a system admin, who exports all of one account. */
  readonly self: Person | null
  readonly hasTokens: boolean
  readonly hasAudit: boolean
}

export interface ExportsDeps {
  readonly store: Store
  readonly directory: Directory
  readonly policy: Policy
  readonly administration: Administration
  readonly settings: Settings
  readonly log: Log
  readonly pace: Pace
  readonly clock: Clock
}

/** Exports what the server knows of an account (docs/contract/accounts.md#export). */
export class Exports {
  /** When each running export was read last, by account. */
  private readonly running = new Map<number, number>()

  constructor(private readonly deps: ExportsDeps) {}

  /** Exports the actor's own account, as far as its credential reads. @throws export_running */
  async own(actor: Person): Promise<AsyncGenerator<ExportRecord>> {
    const now = await this.deps.directory.retryUntilLoaded(() => this.deps.policy.current(actor))
    const hasTokens = isHuman(now)
    const hasAudit = isAllowed(() => requireAdmin(now, this.deps.settings, 'audit:read'))
    return this.begin(actor, { account: now.account, self: actor, hasTokens, hasAudit })
  }

  /** Exports another account. @throws admin_scope_required, not_admin, account_not_found, export_running */
  async of(actor: Actor, uuid: Uuid): Promise<AsyncGenerator<ExportRecord>> {
    this.deps.administration.check(actor)
    const account = await this.deps.store.reads.account({ uuid })
    if (!account) throw refusal('account_not_found')
    return this.begin(actor, { account, self: null, hasTokens: true, hasAudit: true })
  }

  private async begin(actor: Actor, extent: Extent): Promise<AsyncGenerator<ExportRecord>> {
    const { store, clock } = this.deps
    const { id, uuid } = extent.account
    const readAt = this.running.get(id)
    if (readAt !== undefined && clock.steady() - readAt < IDLE_MILLISECONDS)
      throw new AppError(
        'conflict',
        'export_running',
        'An export of this account is running; wait for its end',
      )
    this.running.set(id, clock.steady())
    try {
      await store.transact((tx) => tx.audit(entryBy(actor, 'account.export', { type: 'account', id: uuid })))
    } catch (error) {
      this.running.delete(id)
      throw error
    }
    return this.records(extent)
  }

  private async *records(extent: Extent): AsyncGenerator<ExportRecord> {
    const { id } = extent.account
    try {
      for await (const record of this.all(extent)) {
        this.running.set(id, this.deps.clock.steady())
        yield record
      }
    } finally {
      this.running.delete(id)
    }
  }

  private async *all(extent: Extent): AsyncGenerator<ExportRecord> {
    const { account } = extent
    yield { of: 'account', account }
    yield* this.memberships(extent)
    if (extent.hasTokens) yield* this.tokens(account)
    yield* this.messages(extent)
    yield* this.claims(extent)
    yield* this.approvals(extent)
    if (extent.hasAudit) yield* this.audit(account)
  }

  private async *memberships(extent: Extent): AsyncGenerator<ExportRecord> {
    const { store } = this.deps
    for (let after: MembershipKey | null = null; ; ) {
      const page: MembershipView[] = await store.slow.listMemberships(
        { accountId: extent.account.id },
        { after, limit: PAGE },
      )
      const readable = await this.readable(
        extent,
        page.map(({ channel }) => channel.id),
      )
      for (const membership of page)
        if (readable.has(membership.channel.id)) yield { of: 'membership', membership }
      const last = page.at(-1)
      if (!last || page.length < PAGE) return
      after = [last.channel.slug, last.account.handle]
    }
  }

  private async *tokens(account: Account): AsyncGenerator<ExportRecord> {
    for (let after = ''; ; ) {
      const page = await this.deps.store.slow.listTokens(account.id, { after, limit: PAGE })
      for (const token of page) yield { of: 'token', token, account }
      const last = page.at(-1)
      if (!last || page.length < PAGE) return
      after = String(last.id)
    }
  }

  /** The messages of the account and its reactions; of its direct channels both sides, if it exports itself. */
  private async *messages(extent: Extent): AsyncGenerator<ExportRecord> {
    const { store, log, pace } = this.deps
    const before = log.head + 1
    const loop = pace.loop()
    for (let after = 0; ; ) {
      const stretch = { of: 'everything', after, before, order: 'asc', limit: PAGE } as const
      const places = await store.slow.messagePositions(stretch)
      const page = await this.pageOf(extent, places)
      for (const view of page.views) {
        await loop.turn()
        loop.did(1)
        yield { of: 'message', view }
        if (view.sender.id !== extent.account.id) continue
        for (const attachment of view.message.attachments)
          yield { of: 'attachment', attachment, message: view.message.uuid }
      }
      yield* page.reactions
      const last = places.at(-1)
      if (!last || places.length < PAGE) return
      after = last.seq
    }
  }

  /** The claims of the account, in channels that may be shown and in none, oldest first. */
  private async *claims(extent: Extent): AsyncGenerator<ExportRecord> {
    const { store, directory, log } = this.deps
    const { id: accountId } = extent.account
    const before = log.head + 1
    for (let after = 0; ; ) {
      const page = await store.slow.claimsOf(accountId, { after, before, limit: PAGE })
      const readable = await this.readable(
        extent,
        page.flatMap(({ channelId }) => channelId ?? []),
      )
      const shown = page.filter(({ channelId }) => channelId === null || readable.has(channelId))
      for (const claim of await directory.retryUntilLoaded(() => viewClaims(directory, shown)))
        yield { of: 'claim', claim }
      const last = page.at(-1)
      if (!last || page.length < PAGE) return
      after = last.epoch
    }
  }

  /** The approvals that the account asked for or decided, in channels that may be shown, oldest first. */
  private async *approvals(extent: Extent): AsyncGenerator<ExportRecord> {
    const { store, directory, log, clock } = this.deps
    const { account, self } = extent
    const before = log.head + 1
    for (let after = 0; ; ) {
      const page = await store.slow.approvalsOf(account.id, { after, before, limit: PAGE })
      const readable = await this.readable(
        extent,
        page.map(({ channelId }) => channelId),
      )
      const shown = page.filter(({ seq, channelId, accountId }) => {
        const found = readable.get(channelId)
        // An admin sees one side of a direct channel.
        const isOtherSide = self === null && found?.channel.kind === 'dm' && accountId !== account.id
        return found !== undefined && seq > found.hidden && !isOtherSide
      })
      const messages = await store.slow.messagesBySeq(
        shown.map(({ seq }) => seq),
        {},
      )
      const bySeq = new Map(messages.map((message) => [message.seq, message]))
      const views = await directory.retryUntilLoaded(() =>
        shown.flatMap((row) => {
          const message = bySeq.get(row.seq)
          return message ? viewApproval(directory, row, message, clock.now()) : []
        }),
      )
      for (const approval of views) yield { of: 'approval', approval }
      const last = page.at(-1)
      if (!last || page.length < PAGE) return
      after = last.seq
    }
  }

  private async pageOf(extent: Extent, places: readonly MessagePosition[]) {
    const { store, directory } = this.deps
    const readable = await this.readable(
      extent,
      places.map(({ channelId }) => channelId),
    )
    const isShown = ({ seq, channelId }: MessagePosition) => seq > (readable.get(channelId)?.hidden ?? seq)
    const shown = places.filter(isShown)
    const isDirect = ({ channelId }: MessagePosition) =>
      extent.self !== null && readable.get(channelId)?.channel.kind === 'dm'
    const seqsOf = (some: readonly MessagePosition[]): Seq[] => some.map(({ seq }) => seq)
    const senderId = extent.account.id
    const messages: Message[] = [
      ...(await store.slow.messagesBySeq(seqsOf(shown.filter((place) => !isDirect(place))), { senderId })),
      ...(await store.slow.messagesBySeq(seqsOf(shown.filter(isDirect)), {})),
    ].sort((one, other) => one.seq - other.seq)
    const views = await directory.retryUntilLoaded(() => viewMessages(directory, messages))
    const reactions = (await store.slow.reactionsBy(senderId, seqsOf(shown))).flatMap(
      (reaction): ExportRecord[] => {
        const channel = readable.get(reaction.channelId)?.channel
        return channel ? [{ of: 'reaction', reaction, channel }] : []
      },
    )
    return { views, reactions }
  }

  private async *audit({ id: actorId }: Account): AsyncGenerator<ExportRecord> {
    for (let after = 0; ; after += PAGE) {
      const records = await this.deps.store.slow.auditChain(after, PAGE)
      for (const record of records) if (record.actorId === actorId) yield { of: 'audit', record }
      if (records.length < PAGE) return
    }
  }

  /** Returns those of these channels that may be shown, and the seq up to which each is hidden. */
  private readable(
    { self }: Extent,
    channelIds: readonly number[],
  ): Promise<ReadonlyMap<number, { readonly channel: Channel; readonly hidden: Seq }>> {
    const { directory, policy } = this.deps
    return directory.retryUntilLoaded(() => {
      const channels = directory.requireChannels([...new Set(channelIds)])
      if (self === null) return new Map(channels.map((channel) => [channel.id, { channel, hidden: 0 }]))
      const now = policy.current(self)
      policy.prepare(now, channels)
      return new Map(
        channels
          .filter((channel) => policy.mayRead(now, channel))
          .map((channel) => [channel.id, { channel, hidden: policy.hiddenUpTo(now, channel) }]),
      )
    })
  }
}

function isAllowed(check: () => void): boolean {
  try {
    check()
    return true
  } catch (error) {
    if (error instanceof AppError) return false
    throw error
  }
}
