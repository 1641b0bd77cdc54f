import { WifiOff } from 'lucide'
import { Button } from '../ui/button'
import { Icon } from '../ui/icon'
import { Time } from '../ui/time'
import { useConsole } from './console'

/** Says that there is no connection, from 5 s after it was lost until the first frame of the next one. */
export function OfflineBar() {
  const { isOffline, lostAt, hurry } = useConsole()
  if (!isOffline.value) return null
  return (
    <div class="offline-bar" role="status">
      <Icon of={WifiOff} size={16} />
      <span>
        No connection
        {lostAt.value !== undefined && (
          <>
            {' '}
            since <Time at={lostAt.value} />
          </>
        )}
        . What you send waits here.
      </span>
      <Button small look="plain" onPress={() => hurry()}>
        Try now
      </Button>
    </div>
  )
}
