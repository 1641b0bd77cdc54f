import type { Message } from '@synapse/client'
import { useRef, useState } from 'preact/hooks'
import { later, rest } from '../app/later'
import { NameCard } from '../app/name-card'
import { preferences } from '../app/preferences'
import { background } from '../background'
import { isHeld } from '../state'
import { plainSnippet, visibleName } from '../text'
import { AccountName, Avatar, Time } from '../ui'
import { ApprovalCard } from '../ui/approval-card'
import { clockOf } from '../ui/clock'
import { Body } from './body'
import { ClaimChip } from './claims'
import { DeliveryLine } from './delivery'
import { nameOf, type TimelineHost, useHost } from './host'
import { Reactions } from './reactions'
import { RowActs } from './row-acts'
import { ThreadSummary } from './thread-summary'
import { Unreached } from './unreached'
import { useLongPress } from './use-long-press'

const EditMode = later(
  rest((parts) => parts.EditMode),
  null,
)

interface MessageRowProps {
  /** The key of the row, which stays when a message that I send becomes one of the server. */
  readonly rowKey: string
  readonly id: string
  readonly isHead: boolean
}

/** One message as an item of the list. */
export function MessageRow({ rowKey, id, isHead }: MessageRowProps) {
  const host = useHost()
  const { app } = host
  const message = app.store.messages.get(id)
  const element = useRef<HTMLLIElement>(null)
  const [isActive, setActive] = useState(false)
  const press = useLongPress(() => {
    setActive(true)
    // The acts are rendered by the change above.
    requestAnimationFrame(() => element.current?.querySelector<HTMLElement>('.row-more')?.click())
  })
  if (!message) return <li class="row" data-key={rowKey} />
  const me = app.store.me.value
  const isMine = message.sender_id === me?.account_id
  const look = [
    'row',
    isHead ? 'head' : 'more',
    message.priority,
    namesMe(message, me?.handle) && 'hit',
    host.marked.value === id && 'marked',
    message.deleted && 'deleted',
  ]
  if (message.kind === 'system') return <SystemRow rowKey={rowKey} message={message} />
  return (
    <li
      ref={element}
      class={look.filter(Boolean).join(' ')}
      data-key={rowKey}
      data-message={id}
      data-focusable
      tabIndex={-1}
      aria-label={labelOf(message)}
      onPointerEnter={({ pointerType }) => pointerType === 'mouse' && setActive(true)}
      onPointerLeave={({ pointerType }) => {
        // A menu of the row is still open, or the row has the focus.
        if (pointerType === 'mouse') setActive(element.current?.matches(':focus-within') ?? false)
      }}
      onFocusIn={() => setActive(true)}
      onFocusOut={({ relatedTarget }) => {
        if (!(relatedTarget instanceof Node && element.current?.contains(relatedTarget)))
          setActive(element.current?.matches(':hover') ?? false)
      }}
      {...press}
    >
      {isHead ? <RowAvatar message={message} /> : isActive && <Time at={message.created_at} />}
      <div class="row-main">
        {isHead && <RowHead message={message} />}
        <RowBody message={message} host={host} row={element.current} />
        <Below message={message} host={host} isMine={isMine} />
      </div>
      {isActive && !message.deleted && host.editing.value !== id && <RowActs message={message} host={host} />}
    </li>
  )
}

function RowAvatar({
  message: { sender_handle, sender_display_name, sender_kind },
}: {
  readonly message: Message
}) {
  return <Avatar handle={sender_handle} name={sender_display_name} kind={sender_kind} />
}

function RowHead({ message }: { readonly message: Message }) {
  const { sender_handle, sender_display_name, sender_kind, via, kind, priority, created_at } = message
  return (
    <header class="row-head">
      <AccountName
        handle={sender_handle}
        name={visibleName(sender_display_name || sender_handle)}
        kind={sender_kind}
        labelled
        card={() => <NameCard handle={sender_handle} />}
      />
      {sender_kind === 'human' && via !== 'session' && <span class="row-via">via {via}</span>}
      <Time at={created_at} />
      {kind === 'correction' && <span class="row-label">correction</span>}
      {priority === 'urgent' && <span class="row-label urgent">urgent</span>}
      {priority === 'fyi' && <span class="row-label">fyi</span>}
    </header>
  )
}

function RowBody({
  message,
  host,
  row,
}: {
  readonly message: Message
  readonly host: TimelineHost
  readonly row: Element | null
}) {
  const { app } = host
  if (message.deleted) return <p class="row-gone">This message was deleted.</p>
  if (host.editing.value === message.id) return <EditMode message={message} />
  const body = (
    <Body
      message={message}
      isWhole={host.newestForMe.value === message.id}
      onFold={() => row?.scrollIntoView({ block: 'nearest' })}
    />
  )
  if (!message.approval)
    return (
      <>
        {body}
        {message.edited_at !== null && (
          <span class="row-edited">
            edited <Time at={message.edited_at} />
          </span>
        )}
      </>
    )
  const approval = app.store.approvals.get(message.approval.id) ?? message.approval
  const me = app.store.me.value
  const canDecide =
    host.canPost &&
    me?.kind === 'human' &&
    approval.requested_by !== me.handle &&
    (approval.approvers?.includes(me.handle) ?? true)
  return (
    <ApprovalCard
      approval={approval}
      canDecide={canDecide}
      nameOf={(handle) => (handle === me?.handle ? 'you' : nameOf(app, handle))}
      onDecide={(option, note) => app.acts.decide(approval.id, option, note ?? null)}
    >
      {body}
    </ApprovalCard>
  )
}

/** What stands under a text: claims, reactions, what became of it, its thread. */
function Below({
  message,
  host,
  isMine,
}: {
  readonly message: Message
  readonly host: TimelineHost
  readonly isMine: boolean
}) {
  const { app, place } = host
  const { id, thread_id } = message
  const claims = app.store.claims.all.value.filter(
    (claim) => claim.message_id === id && isHeld(claim, Date.now()),
  )
  const me = app.store.me.value?.handle ?? ''
  return (
    <>
      {claims.length > 0 && (
        <p class="row-claims">
          {claims.map((claim) => (
            <ClaimChip key={claim.id} claim={claim} holder={nameOf(app, claim.holder)} isHere />
          ))}
        </p>
      )}
      <Reactions
        reactions={message.reactions}
        me={me}
        nameOf={(handle) => nameOf(app, handle)}
        onToggle={host.canPost ? (emoji, isOn) => background(app.acts.react(id, emoji, isOn)) : undefined}
      />
      {isMine && !message.deleted && <DeliveryLine message={message} />}
      {isMine && <Unreached id={id} />}
      {place.thread === null && thread_id === null && message.reply_count > 0 && (
        <ThreadSummary root={message} />
      )}
    </>
  )
}

function SystemRow({ rowKey, message }: { readonly rowKey: string; readonly message: Message }) {
  return (
    <li
      class="row system"
      data-key={rowKey}
      data-message={message.id}
      data-focusable
      tabIndex={-1}
      aria-label={labelOf(message)}
    >
      <p class="row-main">
        {plainSnippet(message.body, 400)} <Time at={message.created_at} />
      </p>
    </li>
  )
}

/** What a screen reader says of a row: `builder, agent, 13:24: the proxy closes at 30 s`. */
function labelOf(message: Message): string {
  const { sender_display_name, sender_handle, sender_kind, created_at, body, deleted, approval } = message
  const who = visibleName(sender_display_name || sender_handle)
  const kind = sender_kind === 'agent' ? ', agent' : ''
  const time = clockOf(new Date(created_at), preferences.value.clock)
  const what = deleted ? 'deleted' : approval ? `asks: ${plainSnippet(body)}` : plainSnippet(body)
  return `${who}${kind}, ${time}: ${what}`
}

function namesMe({ mentioned_handles, deleted }: Message, me: string | undefined): boolean {
  return !deleted && me !== undefined && mentioned_handles.includes(me)
}
