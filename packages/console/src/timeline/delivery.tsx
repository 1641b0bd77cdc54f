import type { Message } from '@synapse/client'
import { BellRing, Check, CheckCheck, CircleAlert, CircleDashed, Clock, Eye, X } from 'lucide'
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import { preferences } from '../app/preferences'
import { background } from '../background'
import {
  type Addressee,
  addresseeWords,
  type Delivery,
  type DeliveryMark,
  type DeliveryState,
  type DeliveryView,
  deliveryView,
} from '../state'
import { Icon, type IconShape, wordsOf } from '../ui'
import { clockOf } from '../ui/clock'
import { placeBeside } from '../ui/placing'
import { nameOf, type TimelineHost, useHost } from './host'

const icons: Readonly<Record<DeliveryMark, IconShape>> = {
  sending: Clock,
  sent: Check,
  waiting: CircleDashed,
  notified: BellRing,
  seen: Eye,
  acked: CheckCheck,
  unreachable: CircleAlert,
  failed: X,
}

/** A mark and its words, without more behind it. */
export function DeliveryMarkLine({ mark, words }: Pick<DeliveryView, 'mark' | 'words'>) {
  return (
    <span class={`delivery ${mark}`}>
      <Icon of={icons[mark]} size={14} />
      {words}
    </span>
  )
}

/** What became of an own message, on the newest one and wherever somebody has still to answer. A press lists everybody. */
export function DeliveryLine({ message }: { readonly message: Message }) {
  const host = useHost()
  const view = deliveryView(message, onlyAddressee(message, host))
  const isShown = view.isUnfinished || host.newestOwn.value === message.id || host.listed.value === message.id
  return isShown ? <DeliveryButton message={message} view={view} host={host} /> : null
}

interface DeliveryButtonProps {
  readonly message: Message
  readonly view: DeliveryView
  readonly host: TimelineHost
}

function DeliveryButton({ message, view, host }: DeliveryButtonProps) {
  const id = useId()
  const trigger = useRef<HTMLButtonElement>(null)
  const popover = useRef<HTMLDivElement>(null)
  const [found, setFound] = useState<readonly Delivery[] | string>()
  const [isOpen, setOpen] = useState(false)
  const isListed = host.listed.value === message.id
  useEffect(() => {
    if (isListed) popover.current?.showPopover()
  }, [isListed])
  const toggled = ({ newState }: { readonly newState: string }) => {
    setOpen(newState === 'open')
    if (newState !== 'open') {
      if (host.listed.peek() === message.id) host.listed.value = undefined
      return
    }
    const place = () => {
      if (trigger.current && popover.current) placeBeside(popover.current, trigger.current)
    }
    place()
    const load = async () => {
      try {
        setFound(await host.app.acts.deliveries(message.id))
      } catch (error) {
        setFound(wordsOf(error).detail)
      }
      requestAnimationFrame(place)
    }
    background(load())
  }
  return (
    <div class="delivery-line">
      <button
        type="button"
        ref={trigger}
        class={`delivery ${view.mark}`}
        popovertarget={id}
        aria-haspopup="dialog"
        aria-expanded={isOpen}
      >
        <Icon of={icons[view.mark]} size={14} />
        {view.words}
      </button>
      <div
        ref={popover}
        id={id}
        class="deliveries"
        popover="auto"
        role="dialog"
        aria-label="Deliveries"
        tabIndex={-1}
        onToggle={toggled}
      >
        {isOpen && <Deliveries found={found} />}
      </div>
    </div>
  )
}

function Deliveries({ found }: { readonly found: readonly Delivery[] | string | undefined }) {
  const host = useHost()
  if (found === undefined) return <p class="hint">Loading</p>
  if (typeof found === 'string') return <p class="problem">{found}</p>
  if (found.length === 0) return <p class="hint">This message named nobody, so nobody was notified.</p>
  return (
    <ul>
      {found.map(({ account, state, state_at, note, reason }) => (
        <li key={account.handle}>
          <span class={`delivery ${deliveryMark(state)}`}>
            <Icon of={icons[deliveryMark(state)]} size={14} />
            {addresseeWords({ name: nameOf(host.app, account.handle), state, since: clock(state_at), note })}
          </span>
          <span class="hint">
            {reason} · {clock(state_at)}
          </span>
        </li>
      ))}
    </ul>
  )
}

function deliveryMark(state: DeliveryState): DeliveryMark {
  return state === 'queued' ? 'waiting' : state
}

/** Who the one is that a message notified, as far as the message says so. */
function onlyAddressee(message: Message, { app, place }: TimelineHost): Addressee | undefined {
  const states = Object.entries(message.deliveries ?? {}).filter(([, count]) => count > 0)
  const [only] = states
  if (states.length !== 1 || only?.[1] !== 1) return undefined
  const answered = message.reply_to === null ? undefined : app.store.messages.get(message.reply_to)
  const peer = app.store.channels.get(place.channel)?.peer?.handle
  const handle = message.mentioned_handles[0] ?? peer ?? answered?.sender_handle
  if (handle === undefined) return undefined
  const seen = app.store.presence.get(handle)?.last_seen_at
  // The keys are the states of the contract.
  const state = only[0] as DeliveryState
  return { name: nameOf(app, handle), state, since: clock(seen ?? message.created_at), note: null }
}

function clock(at: string): string {
  return clockOf(new Date(at), preferences.value.clock)
}
