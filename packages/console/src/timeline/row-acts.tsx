import type { Message } from '@synapse/client'
import {
  Copy,
  EllipsisVertical,
  Link,
  ListChecks,
  MailOpen,
  MessageSquareReply,
  Pencil,
  TextCursor,
  Trash2,
} from 'lucide'
import { preferences } from '../app/preferences'
import { href } from '../app/routes'
import { background } from '../background'
import { isTouch } from '../composer/touch'
import { copyText, IconButton, type IconShape, Menu, MenuItem, toast } from '../ui'
import type { TimelineHost } from './host'
import { ReactionPicker } from './reactions'
import { selectText } from './select-text'

/** Something that one does with a message. */
interface RowAct {
  readonly name: string
  readonly label: string
  /** The keys that do it while the row has the focus, as `event.key`. */
  readonly keys: readonly string[]
  readonly icon: IconShape
  readonly isDanger?: boolean
  readonly run: (row: Element) => void
}

/** What I may do with a message, the most frequent first. */
function actsOf(message: Message, host: TimelineHost): RowAct[] {
  const { app, place } = host
  const isMine = message.sender_id === app.store.me.peek()?.account_id
  const isThread = place.thread !== null
  const acts: (RowAct | false)[] = [
    host.canPost && {
      name: 'reply',
      label: isThread ? 'Reply' : 'Reply in a thread',
      keys: ['r', 'R', ...(isThread ? [] : ['Enter'])],
      icon: MessageSquareReply,
      run: () => host.onReply(message),
    },
    { name: 'copy', label: 'Copy text', keys: ['c', 'C'], icon: Copy, run: () => copy(message.body, 'Text') },
    isTouch.matches && {
      name: 'select',
      label: 'Select text',
      keys: [],
      icon: TextCursor,
      run: selectText,
    },
    {
      name: 'link',
      label: 'Copy link',
      keys: ['l', 'L'],
      icon: Link,
      run: () => copy(new URL(href('message', { id: message.id }), location.href).href, 'Link'),
    },
    {
      name: 'unread',
      label: 'Unread from here',
      keys: ['u', 'U'],
      icon: MailOpen,
      run: () => host.onUnread(message),
    },
    isMine && {
      name: 'deliveries',
      label: 'Deliveries',
      keys: ['d', 'D'],
      icon: ListChecks,
      run: () => {
        host.listed.value = message.id
      },
    },
    isMine &&
      host.canPost &&
      message.kind !== 'approval' && {
        name: 'edit',
        label: 'Edit',
        keys: ['e', 'E'],
        icon: Pencil,
        run: () => {
          host.editing.value = message.id
        },
      },
    (isMine || host.canModerate) && {
      name: 'delete',
      label: 'Delete',
      keys: ['Delete'],
      icon: Trash2,
      isDanger: true,
      run: () => remove(message, host),
    },
  ]
  return acts.filter((act) => act !== false)
}

/** The acts of a row: in sight are React and Reply, the others in a menu. */
export function RowActs({ message, host }: { readonly message: Message; readonly host: TimelineHost }) {
  const acts = actsOf(message, host)
  const reply = acts.find(({ name }) => name === 'reply')
  const rest = acts.filter((act) => act !== reply)
  const run = (act: RowAct) => {
    const row = document.querySelector(`[data-message="${message.id}"]`)
    if (row) act.run(row)
  }
  return (
    <div class="row-acts">
      {host.canPost && (
        <ReactionPicker onPick={(emoji) => background(host.app.acts.react(message.id, emoji, true))} />
      )}
      {reply && (
        <IconButton
          icon={reply.icon}
          label={reply.label}
          title={`${reply.label} (R)`}
          onPress={() => run(reply)}
        />
      )}
      <Menu label="More acts" icon={EllipsisVertical} class="button plain icon-only row-more">
        {rest.map((act) => (
          <MenuItem
            key={act.name}
            icon={act.icon}
            danger={act.isDanger ?? false}
            {...(preferences.value.singleKeys ? { hint: keyName(act.keys[0]) } : {})}
            onPress={() => run(act)}
          >
            {act.label}
          </MenuItem>
        ))}
      </Menu>
    </div>
  )
}

/** Does what a key means on a focused row. Returns whether it means something. */
export function actByKey(event: KeyboardEvent, message: Message, host: TimelineHost): boolean {
  if (!preferences.peek().singleKeys && event.key !== 'Enter') return false
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return false
  const row = event.target
  if (!(row instanceof Element)) return false
  if (event.key === '+') {
    const picker = row.querySelector<HTMLElement>('[data-act="react"]')
    picker?.click()
    return picker !== null
  }
  const act = actsOf(message, host).find(({ keys }) => keys.includes(event.key))
  act?.run(row)
  return act !== undefined
}

function keyName(key: string | undefined): string {
  return key === 'Delete' ? 'Del' : (key ?? '').toUpperCase()
}

function copy(text: string, what: string): void {
  const copied = async () => {
    const isCopied = await copyText(text)
    toast(isCopied ? `${what} copied` : { text: 'This browser does not let pages copy', tone: 'bad' })
  }
  background(copied())
}

function remove(message: Message, host: TimelineHost): void {
  const { undo, done } = host.app.acts.remove(message.id)
  toast({ text: 'Message deleted', act: { label: 'Undo', run: undo }, lasts: 5000 })
  background(done)
}
