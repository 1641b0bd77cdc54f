import { signal } from '@preact/signals'
import { X } from 'lucide'
import { IconButton } from './button'

export interface ToastText {
  readonly text: string
  readonly tone?: 'plain' | 'bad'
  /** One act, such as Undo. */
  readonly act?: { readonly label: string; readonly run: () => unknown }
  /** Milliseconds; 6,000 by default, and until it is closed for `bad`. */
  readonly lasts?: number
}

interface Shown extends ToastText {
  readonly id: number
}

const shown = signal<readonly Shown[]>([])
const MOST = 3
let last = 0

/** Says the result of something that is out of sight. */
export function toast(words: string | ToastText): void {
  const text = typeof words === 'string' ? { text: words } : words
  const id = ++last
  shown.value = [...shown.value, { ...text, id }].slice(-MOST)
  const lasts = text.lasts ?? (text.tone === 'bad' ? undefined : 6000)
  if (lasts !== undefined) setTimeout(() => dismiss(id), lasts)
}

function dismiss(id: number): void {
  shown.value = shown.value.filter((one) => one.id !== id)
}

/** Where toasts appear. The shell has one. */
export function Toasts() {
  return (
    <div class="toasts">
      {shown.value.map(({ id, text, tone = 'plain', act }) => (
        <div class={`toast ${tone}`} key={id} role={tone === 'bad' ? 'alert' : 'status'}>
          <span>{text}</span>
          {act && (
            <button
              type="button"
              class="button plain small"
              onClick={() => {
                dismiss(id)
                act.run()
              }}
            >
              {act.label}
            </button>
          )}
          <IconButton icon={X} label="Close" small onPress={() => dismiss(id)} />
        </div>
      ))}
    </div>
  )
}
