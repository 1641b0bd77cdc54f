import type { AccountRef, Approval } from '@synapse/client'
import { AlarmClock, Check, CircleHelp } from 'lucide'
import type { ComponentChildren } from 'preact'
import { useConsole } from '../../app/console'
import { Named } from '../../app/name-card'
import { now } from '../../app/now'
import { preferences } from '../../app/preferences'
import { href } from '../../app/routes'
import { channelWords } from '../../text'
import { ApprovalCard } from '../../ui/approval-card'
import { Avatar } from '../../ui/avatar'
import { Button } from '../../ui/button'
import { ageOf, clockOf, stampOf } from '../../ui/clock'
import { Icon } from '../../ui/icon'
import type { Rows } from '../../ui/use-rows'

/** What one row shows. */
export interface EntryFacts {
  /** The id of the message. */
  readonly id: string
  readonly channel: string
  readonly thread: string | null
  readonly sender: Pick<AccountRef, 'handle' | 'kind' | 'display_name'>
  /** Why it is here. */
  readonly reason: string
  /** Somebody waits for the person. */
  readonly isUrgent: boolean
  readonly isDone: boolean
  /** RFC 3339. */
  readonly at: string
  /** What the row says, in one line, where it is no question. */
  readonly text: ComponentChildren
  readonly approval?: Approval | undefined
}

interface EntryProps extends EntryFacts {
  readonly row: ReturnType<Rows['row']>
  readonly onDone?: (() => Promise<unknown>) | undefined
}

const DAY_MS = 86_400_000

/** The address of a message in its conversation. */
export function placeOf({ id, channel, thread }: Pick<EntryFacts, 'id' | 'channel' | 'thread'>): string {
  return thread === null
    ? href('channel', { slug: channel }, { m: id })
    : href('thread', { id: thread }, { m: id })
}

/** One thing of the inbox: why it is here, who, what, where, how long ago, and what to do about it. */
export function Entry({ row, onDone, ...facts }: EntryProps) {
  const { sender, reason, isUrgent, isDone, at, text, approval } = facts
  const tabIndex = row.tabIndex
  const date = new Date(at)
  const age = now() - date.getTime()
  const { clock } = preferences.value
  const name = sender.display_name || sender.handle
  const icon = reason === 'overdue' ? AlarmClock : CircleHelp
  return (
    <li
      {...row}
      class={`entry${isUrgent ? ' urgent' : ''}${isDone ? ' done' : ''}`}
      aria-label={`${reason}, ${name}${sender.kind === 'human' ? '' : ', agent'}, ${clockOf(date, clock)}`}
    >
      <span class="reason">
        {isUrgent && <Icon of={icon} size={14} />}
        {reason}
      </span>
      <span class="who">
        <Avatar handle={sender.handle} name={name} kind={sender.kind} size={20} />
        <Named account={sender} tabIndex={tabIndex} />
      </span>
      {approval ? <Question approval={approval} /> : <p class="text">{text}</p>}
      <span class="where">
        <a href={placeOf(facts)} tabIndex={tabIndex}>
          {whereOf(facts)}
        </a>
        <time dateTime={date.toISOString()} title={stampOf(date, clock)}>
          {age < DAY_MS ? ageOf(age) : clockOf(date, clock)}
        </time>
      </span>
      <span class="do">
        {isDone ? (
          <span class="is-done">
            <Icon of={Check} size={14} /> done
          </span>
        ) : (
          onDone && (
            <Button small tabIndex={tabIndex} onPress={onDone}>
              Done
            </Button>
          )
        )}
      </span>
    </li>
  )
}

function Question({ approval }: { readonly approval: Approval }) {
  const { store, acts } = useConsole()
  const known = store.approvals.get(approval.id) ?? approval
  const me = store.me.value
  return (
    <ApprovalCard
      approval={known}
      canDecide={store.mayDecide(known)}
      nameOf={(handle) =>
        handle === me?.handle ? 'you' : store.accounts.get(handle)?.display_name || handle
      }
      onDecide={(option, note) => acts.decide(known.id, option, note ?? null)}
    />
  )
}

function whereOf({ channel, thread }: EntryFacts): string {
  const place = channelWords(channel)
  return thread === null ? place : `${place}, thread`
}
