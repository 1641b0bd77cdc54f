import { MOST_COUNTED } from '../state'
import { longDayOf } from '../ui/clock'
import { numberWords } from '../ui/words'

/** The line between two days. */
export function DayRow({ rowKey, at }: { readonly rowKey: string; readonly at: string }) {
  return (
    <li class="line day" data-key={rowKey}>
      <span title={new Date(at).toDateString()}>{longDayOf(new Date(at))}</span>
    </li>
  )
}

/** The line above what is new. It stays until one leaves. */
export function NewRow({ count }: { readonly count: number }) {
  return (
    <li class="line new" data-key="new">
      <span>{count > 0 ? `New: ${numberWords(count, MOST_COUNTED)}` : 'New'}</span>
    </li>
  )
}

/** Where messages are missing. */
export function GapRow({ rowKey, text }: { readonly rowKey: string; readonly text: string }) {
  return (
    <li class="line gap" data-key={rowKey}>
      <span>{text}</span>
    </li>
  )
}
