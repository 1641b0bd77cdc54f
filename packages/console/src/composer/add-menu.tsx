import { CircleHelp, Info, Paperclip, Plus, Timer, Zap } from 'lucide'
import { useRef, useState } from 'preact/hooks'
import { useConsole } from '../app/console'
import { later, rest } from '../app/later'
import type { Draft, Place } from '../state'
import { Menu, MenuItem } from '../ui'

const AskDialog = later(
  rest((parts) => parts.AskDialog),
  null,
)

interface AddMenuProps {
  readonly place: Place
  readonly draft: Draft
  readonly onFiles: (files: readonly File[]) => void
}

/** Seconds in which an answer can be asked for. */
const WITHIN = [900, 3600, 86_400] as const

/** `15 min`, `1 h`, `1 day`. */
export function withinInWords(seconds: number): string {
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`
  if (seconds < 86_400) return `${Math.round(seconds / 3600)} h`
  const days = Math.round(seconds / 86_400)
  return days === 1 ? '1 day' : `${days} days`
}

/** What can go with a message: files, how urgent it is, until when an answer is wanted. And a question to decide. */
export function AddMenu({ place, draft, onFiles }: AddMenuProps) {
  const app = useConsole()
  const input = useRef<HTMLInputElement>(null)
  const [isAsking, setAsking] = useState(false)
  const { priority, ackWithin } = draft
  const toggle = (value: Draft['priority']) =>
    app.drafts.change(place, { priority: priority === value ? 'normal' : value })
  return (
    <>
      <Menu label="Add to the message" icon={Plus} class="button plain icon-only">
        <MenuItem icon={Paperclip} onPress={() => input.current?.click()}>
          Attach files
        </MenuItem>
        <MenuItem icon={CircleHelp} onPress={() => setAsking(true)}>
          Ask for a decision
        </MenuItem>
        <MenuItem icon={Zap} checked={priority === 'urgent'} onPress={() => toggle('urgent')}>
          Urgent: deliver at once
        </MenuItem>
        <MenuItem icon={Info} checked={priority === 'fyi'} onPress={() => toggle('fyi')}>
          For information: wake nobody
        </MenuItem>
        {WITHIN.map((seconds) => (
          <MenuItem
            key={seconds}
            icon={Timer}
            checked={ackWithin === seconds}
            onPress={() => app.drafts.change(place, { ackWithin: ackWithin === seconds ? null : seconds })}
          >
            Answer within {withinInWords(seconds)}
          </MenuItem>
        ))}
      </Menu>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        onChange={({ currentTarget }) => {
          onFiles([...(currentTarget.files ?? [])])
          // The same file can be chosen again.
          currentTarget.value = ''
        }}
      />
      {isAsking && <AskDialog place={place} question={draft.text} onClose={() => setAsking(false)} />}
    </>
  )
}
