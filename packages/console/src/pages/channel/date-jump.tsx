import { CalendarSearch } from 'lucide'
import { useState } from 'preact/hooks'
import { later, rest } from '../../app/later'
import { Button, IconButton } from '../../ui'

const DateDialog = later(
  rest((parts) => parts.DateDialog),
  null,
)

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
      {isOpen && <DateDialog find={find} onFound={onFound} onClose={() => setOpen(false)} />}
    </>
  )
}
