import { useState } from 'preact/hooks'
import { background } from '../../background'
import { Button, Dialog } from '../../ui'
import { fieldDayOf } from '../../ui/clock'

interface DateDialogProps {
  readonly find: (time: string) => Promise<string | null>
  readonly onFound: (id: string) => unknown
  readonly onClose: () => void
}

/** Asks for a day. */
export function DateDialog({ find, onFound, onClose }: DateDialogProps) {
  const [day, setDay] = useState('')
  const [problem, setProblem] = useState('')
  const jump = async () => {
    // Midnight here.
    const date = new Date(`${day}T00:00:00`)
    if (Number.isNaN(date.getTime())) return setProblem('Choose a day.')
    const id = await find(date.toISOString())
    if (id === null) return setProblem('There is no message on that day or later.')
    onClose()
    // The dialog gives the focus back first.
    requestAnimationFrame(() => onFound(id))
  }
  return (
    <Dialog
      title="Jump to a date"
      onClose={onClose}
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
              max={fieldDayOf(new Date())}
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
  )
}
