import { prefer, preferences } from '../app/preferences'
import { Dialog } from '../ui/dialog'

type Line = readonly [keys: string, act: string]

const GLOBAL: readonly Line[] = [
  ['Ctrl K', 'Find a conversation, a person or an act'],
  ['Ctrl /', 'Show this list'],
  ['Alt ↑, Alt ↓', 'Previous, next conversation'],
  ['Alt Shift ↑, Alt Shift ↓', 'Previous, next unread conversation'],
  ['Ctrl Shift .', 'Pause agents here'],
  ['Esc', 'Close what is open; then mark as read and go to the end'],
  ['F6, Shift F6', 'Next, previous region'],
  ['Letters', 'Beside a field: write into the message field'],
]

const FIELD: readonly Line[] = [
  ['Enter', 'Send'],
  ['Shift Enter', 'New line'],
  ['Ctrl Enter', 'Send always'],
  ['↑ in an empty field', 'To the newest row'],
]

const ROWS: readonly Line[] = [
  ['↑, ↓, Home, End', 'Move'],
  ['Enter', 'Open the thread, or what the row names'],
  ['R', 'Reply'],
  ['E, Del', 'Edit, delete an own message'],
  ['+', 'React'],
  ['C, L', 'Copy the text, the link'],
  ['U', 'Unread from here'],
  ['D', 'Deliveries; in the inbox: done'],
  ['G then I, A, S', 'Inbox, activity, search'],
]

/** All keys, and the switch of those that act without Ctrl or Alt. */
export function KeysDialog({ onClose }: { readonly onClose: () => void }) {
  return (
    <Dialog title="Keys" onClose={onClose} wide>
      <KeyLists />
    </Dialog>
  )
}

/** What the dialog and the page of the keys show. */
export function KeyLists() {
  return (
    <>
      <div class="key-lists">
        <List title="Everywhere" lines={GLOBAL} />
        <List title="In the message field" lines={FIELD} />
        <List title="On a row that has the focus" lines={ROWS} />
      </div>
      <label class="switch">
        <input
          type="checkbox"
          checked={preferences.value.singleKeys}
          onChange={({ currentTarget }) => prefer({ singleKeys: currentTarget.checked })}
        />
        Single letters act on a row
      </label>
      <p class="hint">On a Mac, Ctrl is ⌘ or Ctrl, and Alt is ⌥.</p>
    </>
  )
}

function List({ title, lines }: { readonly title: string; readonly lines: readonly Line[] }) {
  return (
    <section>
      <h3>{title}</h3>
      <dl>
        {lines.map(([keys, act]) => (
          <div key={keys}>
            <dt>{keys}</dt>
            <dd>{act}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}
