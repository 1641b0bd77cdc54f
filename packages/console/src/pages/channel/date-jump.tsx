import { CalendarSearch } from 'lucide'
import { useState } from 'preact/hooks'
import { background } from '../../background'
import { Button, Dialog, IconButton } from '../../ui'

interface DateJumpProps {
  readonly class?: string
  /** Whether the button shows its words. */
  readonly isLabelled?: boolean
  readonly find: (time: string) => Promise<string | null>
  readonly onFound: (id: string) => unknown
}

/** A button that asks for a day, and goes to the first message of it or after it. `find` says which that is, if there is one. */
export function DateJump({ class: className = '', isLabelled = false, find, onFound }: DateJumpProps) {
  const [isOpen, setOpen] = useState(false)
  const [day, setDay] = useState('')
  const [problem, setProblem] = useState('')
  const jump = async () => {
    // Midnight here.
    const date = new Date(`${day}T00:00:00`)
    if (Number.isNaN(date.getTime())) return setProblem('Choose a day.')
    const id = await find(date.toISOString())
    if (id === null) return setProblem('There is no message on that day or later.')
    setOpen(false)
    // The dialog gives the focus back first.
    requestAnimationFrame(() => onFound(id))
  }
  return (
    <>
      {isLabelled ? (
        <Button small icon={CalendarSearch} onPress={() => setOpen(true)}>
          Jump to a date
        </Button>
      ) : (
        <IconButton
          class={className}
          icon={CalendarSearch}
          label="Jump to a date"
          onPress={() => setOpen(true)}
        />
      )}
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
