import { CircleAlert, FileText } from 'lucide'
import { useConsole } from '../app/console'
import type { Place } from '../state'
import { Button, Icon } from '../ui'
import type { Count } from './counting'
import { reasonAt } from './put-back'

/** A pasted text that is better sent as a file. */
export interface Offer {
  readonly text: string
  readonly lines: number
}

interface NoticesProps {
  readonly place: Place
  /** Why the last act did nothing. */
  readonly note: string
  readonly count: Count | undefined
  readonly offer: Offer | undefined
  readonly onWholeAsFile: () => unknown
  readonly onPastedAsFile: (offer: Offer) => unknown
  readonly onDismissOffer: () => void
}

/** What stands above the field: why a text was refused, that it is too long, that it could be a file. */
export function Notices({
  place,
  note,
  count,
  offer,
  onWholeAsFile,
  onPastedAsFile,
  onDismissOffer,
}: NoticesProps) {
  const app = useConsole()
  const reason = reasonAt(app, place).value
  return (
    <>
      {reason && (
        <p class="composer-notice bad" role="alert">
          <Icon of={CircleAlert} size={16} />
          <span>
            Not sent: {reason.detail} {reason.fix}
          </span>
        </p>
      )}
      {note !== '' && (
        <p class="composer-notice bad" role="alert">
          <Icon of={CircleAlert} size={16} />
          <span>{note}</span>
        </p>
      )}
      {count && (
        <p class={count.isOver ? 'composer-notice bad' : 'composer-notice'}>
          <span class="characters">
            {count.isOver ? `Too long by ${charactersOf(-count.left)}` : `${charactersOf(count.left)} left`}
          </span>
          {count.isOver && (
            <Button small icon={FileText} onPress={onWholeAsFile}>
              Send as file
            </Button>
          )}
        </p>
      )}
      {offer && (
        <p class="composer-notice">
          <span>You pasted {offer.lines} lines.</span>
          <Button small icon={FileText} onPress={() => onPastedAsFile(offer)}>
            Make it a file
          </Button>
          <Button small look="plain" onPress={onDismissOffer}>
            Keep it as text
          </Button>
        </p>
      )}
    </>
  )
}

function charactersOf(count: number): string {
  return count === 1 ? '1 character' : `${count} characters`
}
