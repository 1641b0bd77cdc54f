import { CalendarSearch } from 'lucide'
import { useState } from 'preact/hooks'
import { background } from '../../background'
import { Button, Dialog, IconButton } from '../../ui'

/** A button that asks for a day, and goes to the first message of it or after it. `onDate` reports whether there is one. */
export function DateJump({ onDate }: { readonly onDate: (time: string) => Promise<boolean> }) {
  const [isOpen, setOpen] = useState(false)
  const [day, setDay] = useState('')
  const [problem, setProblem] = useState('')
  const jump = async () => {
    // Midnight here.
    const date = new Date(`${day}T00:00:00`)
    if (Number.isNaN(date.getTime())) return setProblem('Choose a day.')
    if (await onDate(date.toISOString())) setOpen(false)
    else setProblem('There is no message on that day or later.')
  }
  return (
    <>
      <IconButton icon={CalendarSearch} label="Jump to a date" onPress={() => setOpen(true)} />
      {isOpen && (
        <Dialog
          title="Jump to a date"
          onClose={() => setOpen(false)}
          acts={
            <Button look="primary" onPress={jump}>
              Jump
            </Button>
          }
        >
          <form
            onSubmit={(event) => {
              event.preventDefault()
              background(jump())
            }}
          >
            <div class="field">
              <label for="jump-day">Day</label>
              <span class="input">
                <input
                  id="jump-day"
                  type="date"
                  value={day}
                  max={new Date().toISOString().slice(0, 10)}
                  onInput={({ currentTarget }) => {
                    setDay(currentTarget.value)
                    setProblem('')
                  }}
                />
              </span>
            </div>
            <p class="problem" role="alert">
              {problem}
            </p>
          </form>
        </Dialog>
      )}
    </>
  )
}
