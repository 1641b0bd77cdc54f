import { useConsole } from '../../app/console'
import { preferences } from '../../app/preferences'
import { MOST_COUNTED, type Place } from '../../state'
import type { Opening } from '../../timeline/opening'
import { Button } from '../../ui'
import { clockOf } from '../../ui/clock'
import { numberWords } from '../../ui/words'

interface BacklogBarProps {
  readonly opening: Opening
  readonly place: Place
  readonly jumpTo: (id: string) => Promise<void>
}

/** Where more is new than one wants to read: to its beginning in one step, or done with it in one step. */
export function BacklogBar({ opening: { backlog, newLine }, place, jumpTo }: BacklogBarProps) {
  const { reading } = useConsole()
  const found = backlog.value
  if (!found) return null
  const { unread, firstId, since } = found
  const jump = async () => {
    if (firstId === null) return
    newLine.value = { before: firstId, count: unread }
    await jumpTo(firstId)
    backlog.value = undefined
  }
  const mark = async () => {
    await reading.mark(place, null)
    backlog.value = undefined
  }
  return (
    <fieldset class="backlog" aria-label="Unread messages">
      <span>
        {numberWords(unread, MOST_COUNTED)} new
        {since !== null && ` since ${whenOf(since)}`}
      </span>
      {firstId !== null && (
        <Button small onPress={jump}>
          Jump
        </Button>
      )}
      <Button small look="plain" onPress={mark}>
        Mark read
      </Button>
    </fieldset>
  )
}

/** `Tue 14:02`, or `12 Mar 14:02` if that is longer ago than a week. */
function whenOf(time: string): string {
  const date = new Date(time)
  const isRecent = Date.now() - date.getTime() < 6 * 86_400_000
  const day = date.toLocaleDateString(
    'en-GB',
    isRecent ? { weekday: 'short' } : { day: 'numeric', month: 'short' },
  )
  return `${day} ${clockOf(date, preferences.value.clock)}`
}
