import { navigate } from '../../app/navigation'
import { background } from '../../background'
import { longDayOf } from '../../ui/clock'
import { useRows } from '../../ui/use-rows'
import { Entry, type EntryFacts, placeOf } from './entry'

export interface DayListProps {
  readonly label: string
  /** The newest first. */
  readonly entries: readonly EntryFacts[]
  /** Is done with an entry; undefined where that is not possible. */
  readonly doneWith: (entry: EntryFacts) => (() => Promise<unknown>) | undefined
}

/** Entries by day. Arrows move, Enter opens, D is done. */
export function DayList({ label, entries, doneWith }: DayListProps) {
  const find = (id: string) => entries.find((entry) => entry.id === id)
  const rows = useRows(
    entries.map(({ id }) => id),
    {
      keys: {
        Enter: (id) => {
          const entry = find(id)
          if (entry) navigate(placeOf(entry))
        },
        d: (id) => {
          const entry = find(id)
          if (entry) run(doneWith(entry))
        },
      },
    },
  )
  const days = Object.entries(Object.groupBy(entries, ({ at }) => longDayOf(new Date(at))))
  return (
    <section class="days" aria-label={label} {...rows.list}>
      {days.map(([day, ofDay = []]) => (
        <section key={day}>
          <h2>{day}</h2>
          <ol>
            {ofDay.map((entry) => (
              <Entry key={entry.id} {...entry} row={rows.row(entry.id)} onDone={doneWith(entry)} />
            ))}
          </ol>
        </section>
      ))}
    </section>
  )
}

function run(act: (() => Promise<unknown>) | undefined): void {
  if (act) background(act())
}
