import type { Claim, LogEvent, PassingEvent, Pause, Presence, StreamEvent } from '@synapse/client'
import type { Style } from '../../lib/terminal'
import { counted } from '../../lib/text'
import { visible } from '../../lib/visible'
import { messageRow, nameOf, outcomeOf, type Viewer } from '../rows'
import { momentOf, type Name, type Row, spanOf } from '../sheet'

/** The events that the command takes. */
export const TYPES: readonly string[] = [
  ...['message.*', 'reaction.added', 'member.*', 'channel.archived', 'channel.unarchived', 'channel.purged'],
  ...[
    'thread.continued',
    'chain.blocked',
    'pause.*',
    'ack.*',
    'claim.acquired',
    'claim.released',
    'claim.expired',
  ],
  ...['approval.*', 'presence.*'],
]

/** How events are looked at. */
export interface View {
  readonly viewer: Viewer
  /** Display names by handle. */
  readonly names: Map<string, string>
  readonly only: string | undefined
  readonly isMine: boolean
  readonly style: Style
}

/** What an event shows beside its time, channel and name. */
type Said = Pick<Row, 'sign' | 'paint' | 'lines'> & { readonly name?: Name | undefined }

/** Returns the entry of an event; undefined for one that is not shown. */
export function rowOf(event: StreamEvent, view: View): Row | undefined {
  if (event.type === 'gap') return gapRow(event.reason, view.style)
  if (event.type === 'message.created' || event.type === 'message.edited' || event.type === 'inbox.item') {
    const { message } = event
    view.names.set(message.sender_handle, message.sender_display_name)
    const row = messageRow(message, view.viewer, view.style.yellow)
    return event.type === 'message.edited' ? { ...row, at: event.at } : row
  }
  const said = saidBy(event, view)
  if (said === undefined) return undefined
  const { actor, at, channel } = event
  const name = 'name' in said ? said.name : actor === null ? OPERATOR : named(actor, view)
  return { at, channel, ...said, name }
}

const OPERATOR: Name = { text: 'operator', kind: 'server' }

type Other = Exclude<LogEvent | PassingEvent, { type: 'message.created' | 'message.edited' | 'inbox.item' }>

function saidBy(event: Other, view: View): Said | undefined {
  const { red, dim } = view.style
  switch (event.type) {
    case 'message.deleted':
      return {
        sign: '-',
        paint: dim,
        lines: [`deleted a message${event.by === 'author' ? '' : ` (${event.by})`}`],
      }
    case 'reaction.added':
      return { paint: dim, lines: [`reacts ${visible(event.emoji)}`] }
    case 'member.joined':
      return { name: named(event.account, view), sign: '+', paint: dim, lines: ['joined'] }
    case 'member.left':
      return { name: named(event.account, view), sign: '-', paint: dim, lines: ['left'] }
    case 'member.role':
      return { name: named(event.account, view), paint: dim, lines: [`is ${event.role} now`] }
    case 'channel.archived':
      return { sign: 'x', paint: red, lines: ['archived the channel'] }
    case 'channel.unarchived':
      return { sign: '+', lines: ['opened the channel again'] }
    case 'channel.purged':
      return { sign: '-', paint: dim, lines: [`purged ${counted(event.count, 'message')}`] }
    case 'thread.continued':
      return { sign: '+', lines: [`lets agents go on, ${counted(event.extra, 'message')} more`] }
    case 'chain.blocked': {
      const limit = event.code === 'chain_limit' ? 'chain limit' : 'run guard'
      const lines = [`stopped: ${limit} ${event.used} of ${event.limit}, needs a person`]
      return { name: named(event.account, view), sign: 'x', paint: red, lines }
    }
    case 'pause.started':
      return { sign: 'x', paint: red, lines: [pauseLine(event.pause)] }
    case 'pause.ended':
      return { sign: '-', lines: [`${pausedWho(event.pause)} may post again`] }
    case 'ack.delivery':
    case 'ack.overdue':
      return ackSaid(event, view)
    case 'claim.acquired':
      return { ...claimName(event.claim, view), sign: '+', lines: [claimLine(event.claim)] }
    case 'claim.released': {
      const { outcome, resource } = event.claim
      const paint = outcome === 'failed' ? red : undefined
      const lines = [
        `releases ${visible(resource)}${outcome === null ? '' : `, ${outcome}`}${event.forced ? ' (by force)' : ''}`,
      ]
      return { ...claimName(event.claim, view), sign: '-', paint, lines }
    }
    case 'claim.expired':
      return {
        ...claimName(event.claim, view),
        sign: '-',
        lines: [`no longer holds ${visible(event.claim.resource)}: expired`],
      }
    case 'approval.decided':
      // A message of the server tells it, too.
      return view.only === 'approvals'
        ? { sign: '?', lines: [outcomeOf(event.approval, view.viewer)] }
        : undefined
    case 'approval.expired':
    case 'approval.cancelled': {
      const question = visible(event.approval.question)
      const lines = [`${event.type === 'approval.expired' ? 'expired' : 'cancelled'}: ${question}`]
      return { name: undefined, sign: 'x', paint: red, lines }
    }
    case 'presence.online':
    case 'presence.offline':
    case 'presence.updated':
      return view.only === 'presence' ? presenceSaid(event.presence, view) : undefined
    default:
      return undefined
  }
}

function named(
  account: { readonly handle: string; readonly kind: 'human' | 'agent' },
  { viewer, names }: View,
): Name {
  const name = names.get(account.handle)
  return nameOf({ ...account, ...(name === undefined ? {} : { name }) }, viewer)
}

function claimName({ holder, holder_kind: kind }: Claim, view: View): { name: Name } {
  return { name: named({ handle: holder, kind }, view) }
}

function claimLine({ resource, acquired_at: from, expires_at: to, note }: Claim): string {
  const why = note === null ? '' : `: ${visible(note)}`
  return `claims ${visible(resource)}, ${spanOf(Date.parse(to) - Date.parse(from))}${why}`
}

function pausedWho({ account }: Pause): string {
  return account === null ? 'every agent' : `@${account.handle}`
}

function pauseLine(pause: Pause): string {
  const until = pause.until === null ? '' : ` until ${momentOf(pause.until)}`
  const where = pause.channel === null ? ' everywhere' : ''
  return `pauses ${pausedWho(pause)}${where}${until}${pause.note === null ? '' : `: ${visible(pause.note)}`}`
}

/** Only what the sender of a message should know is shown. */
function ackSaid(
  event: Extract<Other, { type: 'ack.delivery' | 'ack.overdue' }>,
  { viewer, style }: View,
): Said | undefined {
  const at = { name: undefined, sign: '!', paint: style.yellow }
  if (event.type === 'ack.overdue')
    return event.accounts.includes(viewer.handle)
      ? undefined
      : { ...at, lines: [`not answered in time: ${event.accounts.join(', ')}`] }
  const { account, state, note } = event
  if (account.handle === viewer.handle) return undefined
  if (state === 'unreachable') return { ...at, lines: [`${account.handle} unreachable, waits in its inbox`] }
  if (state === 'failed')
    return {
      ...at,
      paint: style.red,
      lines: [`${account.handle} failed${note === null ? '' : `: ${visible(note)}`}`],
    }
  return undefined
}

function presenceSaid({ handle, kind, state, note }: Presence, view: View): Said {
  const text = `${state}${note === null ? '' : `: ${visible(note)}`}`
  return {
    name: named({ handle, kind }, view),
    paint: state === 'blocked' ? view.style.red : undefined,
    lines: [text],
  }
}

function gapRow(reason: 'expired' | 'epoch', { red }: Style): Row {
  const why =
    reason === 'expired'
      ? 'older messages were removed'
      : 'the server has another history, as after a restored backup'
  return {
    at: new Date().toISOString(),
    channel: null,
    name: undefined,
    sign: 'x',
    paint: red,
    lines: [`events are missing here: ${why}`],
  }
}
