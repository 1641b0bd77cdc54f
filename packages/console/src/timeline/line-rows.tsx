import { MOST_TO_LAND } from '../state'
import { longDayOf } from '../ui/clock'

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
      <span>
        {count > MOST_TO_LAND ? `New: more than ${MOST_TO_LAND}` : count > 0 ? `New: ${count}` : 'New'}
      </span>
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
