/**
 * Erasures: an account is erased with its credentials and its name, and its messages are anonymized or deleted
 * (docs/contract/accounts.md#erasure). The account goes in one transaction; the rest goes slice by slice. An erasure is
 * noted in the store until it is finished, so that it goes on after a crash.
 */

import type { Directory } from '../access/directory'
import { cancelDeleted } from '../approvals/cancel-deleted'
import { eraseNotes } from '../approvals/decision-notes'
import type { ChannelRooms } from '../channels/channel-rooms'
import { purgeSliceOf } from '../configsync/users'
import type { Administration } from '../governance/administration'
import { entryBy } from '../governance/audit'
import type { AccountErasure } from '../identity/account-erasure'
import { existing } from '../identity/accounts'
import { type Actor, withoutRetry } from '../identity/actor'
import type { Message, MessageView } from '../kernel/entities'
import type { ErasureMode, PendingErasure, Trace } from '../kernel/erasure-ports'
import { refusal } from '../kernel/errors'
import type { Seq, Uuid } from '../kernel/ids'
import type { Store, Writes } from '../kernel/ports'
import { beginningOf, SliceSize } from '../kernel/slice-size'
import type { Clock } from '../kernel/time'
import type { UnusedBlobs } from '../kernel/unused-blobs'
import { channelEvent, messageEvent } from '../log/events'
import type { Log } from '../log/log'
import type { Attachments } from './attachments'
import { tombstoneOf } from './deletions'
import { renameMentions } from './mentions'
import { withoutReactionOf } from './reactions'
import { viewMessages } from './views'

/** How long a request works on its erasure. The rest is done in the background. */
const PATIENCE_MILLISECONDS = 20_000
/** Messages that one read examines. */
const PAGE = 2000
/** A reaction takes as long as so many characters. */
const CHARACTERS_PER_REACTION = 1000
/** Retry keys, claims, and direct channels, handled in one transaction. */
const KEYS_AT_ONCE = 500
const CLAIMS_AT_ONCE = 500
const CHANNELS_AT_ONCE = 20

export interface ErasureRequest {
  /** The handle of the account, so that no other one is erased by mistake. */
  readonly confirm: string
  readonly mode: ErasureMode
  readonly redactsMentions: boolean
}

export interface Erased {
  readonly mode: ErasureMode
  readonly deletedMessages: number
  /** The messages that stay, with the erased account as their sender. */
  readonly keptMessages: number
  readonly tokensRevoked: number
  /** Events of rooms on Matrix that lose their content; undefined without a homeserver. */
  readonly redactedEvents: number | undefined
  /** False if the rest is done in the background. */
  readonly isDone: boolean
}

export interface ErasuresDeps {
  readonly store: Store
  readonly directory: Directory
  readonly administration: Administration
  readonly accountErasure: AccountErasure
  readonly attachments: Pick<Attachments, 'deleteOf' | 'forgetUploads' | 'forgetMedia'>
  readonly unusedBlobs: UnusedBlobs
  readonly log: Log
  readonly clock: Clock
  readonly rooms: Pick<ChannelRooms, 'countEventsOf'>
}

/** How far an erasure has come. */
interface Progress {
  readonly erasure: PendingErasure
  readonly isDone: boolean
}

/** A message of which something is erased. */
interface Change {
  /** The message as it is then. */
  readonly message: Message
  /** What is taken back of the account's reactions. */
  readonly emoji: readonly string[]
  readonly isRewritten: boolean
}

/** What one slice writes, decided before the first write. */
interface Changes {
  /** Seq of the last message examined. */
  readonly position: Seq
  /** Messages that become tombstones. */
  readonly deleted: readonly Message[]
  /** Those of them that asked for a decision, as tombstones. */
  readonly asked: readonly MessageView[]
  /** Messages of the account that stay. */
  readonly kept: number
  readonly changed: readonly Change[]
  /** Threads in which the account takes part. */
  readonly threads: readonly Seq[]
  readonly events: Parameters<Writes['appendAll']>[0]
}

export class Erasures {
  /** The accounts that this process erases now. */
  private readonly active = new Set<number>()

  constructor(private readonly deps: ErasuresDeps) {}

  /**
   * Erases an account. One that is erased already, named by its present handle, is searched for messages again.
   * @throws admin_scope_required, not_admin, account_not_found, confirm_mismatch, system_account, last_system_admin;
   *   legal_hold if a channel under a hold has a message of the account, with nothing written; draining
   */
  async erase(actor: Actor, uuid: Uuid, request: ErasureRequest): Promise<Erased> {
    this.deps.administration.check(actor)
    const { erasure: begun, tokensRevoked, redactedEvents } = await this.begin(actor, uuid, request)
    const { clock } = this.deps
    const end = clock.steady() + PATIENCE_MILLISECONDS
    const { erasure, isDone } = await this.run(begun, () => clock.steady() < end)
    const { mode, deletedMessages, keptMessages } = erasure
    return { mode, deletedMessages, keptMessages, tokensRevoked, redactedEvents, isDone }
  }

  /** Continues the erasures that were begun and not finished. */
  async resume(signal: AbortSignal): Promise<void> {
    for (const erasure of await this.deps.store.reads.pendingErasures())
      if (!this.active.has(erasure.accountId)) await this.run(erasure, () => !signal.aborted)
  }

  /** Erases the account itself, and notes what is left to do. */
  private async begin(actor: Actor, uuid: Uuid, { confirm, mode, redactsMentions }: ErasureRequest) {
    const { store, administration, accountErasure, log } = this.deps
    const found = await existing(store.reads, uuid)
    await accountErasure.check(store.reads, found, confirm)
    const redactedEvents = await this.deps.rooms.countEventsOf(found)
    for (;;) {
      // A search through all of a channel would delay posts. The transaction only searches what came meanwhile.
      const searched = log.head
      const held = await store.reads.heldChannels()
      if (await store.slow.hasMessageIn(found.id, held, 0)) throw refusal('legal_hold')
      // The answer is known after the last slice, and its retry key is stored then.
      const begun = await administration.act(withoutRetry(actor), async (tx) => {
        const account = await existing(tx, uuid)
        await accountErasure.check(tx, account, confirm)
        const heldNow = await tx.heldChannels()
        if (heldNow.some((id) => !held.includes(id))) return undefined
        if (await tx.hasMessageIn(account.id, heldNow, searched)) throw refusal('legal_hold')
        const pending = await tx.pendingErasure(account.id)
        const isFirst = account.erasedAt === null
        const erased = isFirst ? await accountErasure.erase(tx, actor, account) : undefined
        const facts = { mode, redact_mentions: redactsMentions }
        await tx.audit(entryBy(actor, 'account.erase', { type: 'account', id: uuid }, facts))
        const erasure: PendingErasure = {
          accountId: account.id,
          handle: pending?.handle ?? account.handle,
          mode: pending?.mode === 'delete_messages' ? pending.mode : mode,
          redactsMentions: redactsMentions || pending?.redactsMentions === true,
          throughSeq: await tx.head(),
          position: 0,
          deletedMessages: pending?.deletedMessages ?? 0,
          keptMessages: 0,
        }
        await tx.beginErasure(erasure)
        return { erasure, tokensRevoked: erased?.tokensRevoked ?? 0, erased: erased?.account }
      })
      if (begun?.erased) accountErasure.forget(begun.erased)
      if (begun) return { ...begun, redactedEvents }
    }
  }

  private async run(begun: PendingErasure, goesOn: () => boolean): Promise<Progress> {
    this.active.add(begun.accountId)
    try {
      return await this.eraseInSlices(begun, goesOn)
    } finally {
      this.active.delete(begun.accountId)
    }
  }

  private async eraseInSlices(begun: PendingErasure, goesOn: () => boolean): Promise<Progress> {
    const { store, attachments, unusedBlobs } = this.deps
    const { accountId } = begun
    await attachments.forgetUploads({ accountId })
    const forgetKeys = () => store.transact((tx) => tx.forgetKeysOf(accountId, KEYS_AT_ONCE))
    while (goesOn() && (await forgetKeys()) === KEYS_AT_ONCE);
    const forgetInbox = () => store.transact((tx) => tx.forgetInboxOf(accountId, KEYS_AT_ONCE))
    while (goesOn() && (await forgetInbox()) === KEYS_AT_ONCE);
    const forgetClaims = () => store.transact((tx) => tx.forgetClaimsOf(accountId, CLAIMS_AT_ONCE))
    while (goesOn() && (await forgetClaims()) === CLAIMS_AT_ONCE);
    await store.transact((tx) => tx.forgetActivityOf(accountId))
    if (begun.mode === 'delete_messages') {
      await attachments.forgetMedia(accountId)
      for (let after: Seq | undefined = 0; after !== undefined && goesOn(); )
        after = await eraseNotes(this.deps, accountId, after)
    }
    while (goesOn() && !(await purgeSliceOf(accountId, store, unusedBlobs)));
    await this.renameDirectChannels(begun, goesOn)
    const size = new SliceSize(this.deps.clock)
    let erasure = begun
    while (goesOn()) {
      const { throughSeq: through, position: after } = erasure
      const name = erasure.redactsMentions ? erasure.handle : null
      const { traces, last } = await store.slow.tracesOf(accountId, name, { after, through, limit: PAGE })
      if (last === undefined) {
        const ended = erasure
        await store.transact((tx) => tx.endErasure(ended))
        return { erasure, isDone: true }
      }
      const next = await this.erasePage(erasure, traces, last, size, goesOn)
      // Another process erased it to the end.
      if (!next) return { erasure, isDone: true }
      erasure = next
    }
    return { erasure, isDone: false }
  }

  /** The names of direct channels list the handles of their members. */
  private async renameDirectChannels({ accountId, handle }: PendingErasure, goesOn: () => boolean) {
    const { store } = this.deps
    const renameAfter = (after: number) =>
      store.transact(async (tx) => {
        const page = await tx.membershipsOf(accountId, { after, limit: CHANNELS_AT_ONCE })
        const account = await tx.account({ id: accountId })
        for (const channel of await tx.channelsByIds(page.map(({ id }) => id))) {
          const handles = channel.name.split(', ')
          if (!account || channel.kind !== 'dm' || !handles.includes(handle)) continue
          const others = handles.filter((name) => name !== handle)
          const name = [account.handle, ...others].sort().join(', ')
          const renamed = await tx.updateChannel(channel.id, { name })
          await tx.append(channelEvent('channel.updated', renamed, { changed: ['name'] }), null)
        }
        return page.length < CHANNELS_AT_ONCE ? undefined : page.at(-1)?.key
      })
    for (let after: number | undefined = 0; after !== undefined && goesOn(); )
      after = await renameAfter(after)
  }

  /**
   * Erases what the messages of a page have of the account. `end` is the last message of the page. Returns the erasure as
   * it is then; undefined if another process has finished it.
   */
  private async erasePage(
    begun: PendingErasure,
    traces: readonly Trace[],
    end: Seq,
    size: SliceSize,
    goesOn: () => boolean,
  ): Promise<PendingErasure | undefined> {
    let erasure = begun
    while (erasure.position < end && goesOn()) {
      const { position } = erasure
      const rest = traces.filter(({ seq }) => seq > position)
      const moved = await this.slice(erasure, rest, end, size)
      if (!moved) return this.deps.store.reads.pendingErasure(erasure.accountId)
      erasure = moved
    }
    return erasure
  }

  /** Erases what the next messages have of the account. Returns undefined if another process has moved the erasure. */
  private async slice(
    erasure: PendingErasure,
    rest: readonly Trace[],
    end: Seq,
    size: SliceSize,
  ): Promise<PendingErasure | undefined> {
    const { store, directory, attachments } = this.deps
    const { accountId, mode } = erasure
    const timed = size.slice()
    const moved = await directory.retryUntilLoaded(() =>
      store.transact(async (tx) => {
        timed.begin()
        const { position, deleted, asked, kept, changed, threads, events } = await this.decide(
          tx,
          erasure,
          rest,
          end,
          size.limit,
        )
        const moved = {
          position,
          deletedMessages: erasure.deletedMessages + deleted.length,
          keptMessages: erasure.keptMessages + kept,
        }
        if (!(await tx.moveErasure(erasure, moved))) return undefined
        await tx.removeMessages(seqsOf(deleted), tx.now())
        const attaching = deleted.filter((message) => message.attachments.length > 0)
        if (attaching.length > 0) await attachments.deleteOf(tx, seqsOf(attaching))
        await tx.updateBodies(changed.filter(({ isRewritten }) => isRewritten).map(({ message }) => message))
        for (const { message, emoji } of changed) {
          if (emoji.length > 0) await tx.updateMessage(message)
          for (const one of emoji) await tx.deleteReaction(message.seq, accountId, one)
        }
        if (threads.length > 0) await tx.leaveThreads(accountId, threads, mode === 'anonymize')
        await cancelDeleted(tx, asked, null)
        await tx.appendAll(events)
        return { ...erasure, ...moved }
      }),
    )
    timed.end()
    return moved
  }

  /** Decides what to write for the next messages. It may have to load names, so nothing is written before. */
  private async decide(
    tx: Writes,
    erasure: PendingErasure,
    rest: readonly Trace[],
    end: Seq,
    limit: number,
  ): Promise<Changes> {
    const { accountId, mode } = erasure
    const page = rest.slice(0, limit)
    const reacted = new Set(seqsOf(page.filter(({ hasReaction }) => hasReaction)))
    const stored = await tx.messagesBySeq(seqsOf(page))
    const messages = beginningOf(
      stored.toSorted((one, other) => one.seq - other.seq),
      ({ seq, body }) => body.length + (reacted.has(seq) ? CHARACTERS_PER_REACTION : 0),
    )
    const cut = messages.length < stored.length ? messages.at(-1)?.seq : undefined
    const position = cut ?? (page.length < rest.length ? (page.at(-1)?.seq ?? end) : end)
    const held = await this.heldAmong(tx, messages)
    const deleted: Message[] = []
    const changed: Change[] = []
    let kept = 0
    for (const message of messages.filter(({ deletedAt }) => deletedAt === null)) {
      const isOwn = message.senderId === accountId
      const isHeld = held.has(message.channelId)
      if (isOwn && mode === 'delete_messages' && !isHeld) {
        deleted.push(message)
        continue
      }
      if (isOwn) kept++
      const emoji = reacted.has(message.seq) ? await tx.emojiOf(message.seq, accountId) : []
      const body = isHeld ? message.body : this.redacted(erasure, message.body)
      const isRewritten = body !== message.body
      if (emoji.length === 0 && !isRewritten) continue
      let now: Message = { ...message, body }
      for (const one of emoji) now = await withoutReactionOf(tx, now, one, accountId)
      changed.push({ message: now, emoji, isRewritten })
    }
    const threads = seqsOf(page.filter(({ seq, isInThread }) => isInThread && seq <= position))
    const asked = viewMessages(
      this.deps.directory,
      deleted.filter(({ kind }) => kind === 'approval').map((message) => tombstoneOf(message, tx.now())),
    )
    const events = this.eventsOf(tx, erasure, deleted, changed)
    return { position, deleted, asked, kept, changed, threads, events }
  }

  /** Returns a body without mentions of the old handle, if they are to be replaced. */
  private redacted({ redactsMentions, handle, accountId }: PendingErasure, body: string): string {
    return redactsMentions
      ? renameMentions(body, handle, this.deps.directory.account(accountId).handle)
      : body
  }

  private eventsOf(
    tx: Writes,
    { accountId }: PendingErasure,
    deleted: readonly Message[],
    changed: readonly Change[],
  ): Changes['events'] {
    const { directory } = this.deps
    const account = directory.account(accountId)
    const tombstones = deleted.map((message) => tombstoneOf(message, tx.now()))
    const views = viewMessages(directory, [...tombstones, ...changed.map(({ message }) => message)])
    return views.flatMap((view, i) => {
      const change = changed[i - tombstones.length]
      if (!change) return [{ body: messageEvent('message.deleted', view, { by: 'erase' }), actor: null }]
      const edit = messageEvent('message.edited', view, { mentions_added: [], mentions_removed: [] })
      return [
        ...change.emoji.map((emoji) => {
          return { body: messageEvent('reaction.removed', view, { emoji }), actor: account }
        }),
        ...(change.isRewritten ? [{ body: edit, actor: null }] : []),
      ]
    })
  }

  /** Returns those of the messages' channels that came under a legal hold since the erasure began. */
  private async heldAmong(tx: Writes, messages: readonly Message[]): Promise<ReadonlySet<number>> {
    const channels = await tx.channelsByIds([...new Set(messages.map(({ channelId }) => channelId))])
    return new Set(channels.filter(({ settings }) => settings.legalHold).map(({ id }) => id))
  }
}

function seqsOf(some: readonly { readonly seq: Seq }[]): Seq[] {
  return some.map(({ seq }) => seq)
}
