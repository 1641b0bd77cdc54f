import { ChevronDown, OctagonPause } from 'lucide'
import { useConsole } from '../../app/console'
import { href } from '../../app/routes'
import { background } from '../../background'
import type { Blocked, Place } from '../../state'
import { nameOf } from '../../timeline/host'
import { Button, Icon, Menu, MenuItem } from '../../ui'

interface StoppedProps {
  readonly place: Place
  readonly blocked: readonly Blocked[]
}

/** Says that a limit has stopped agents, and lets them go on. In a channel also those of its threads, with the way there. */
export function Stopped({ place, blocked }: StoppedProps) {
  const app = useConsole()
  const threads = [...new Set(blocked.map(({ thread_id }) => thread_id))]
  return (
    <>
      {threads.map((thread) => (
        <fieldset class="stopped" aria-label="Stopped agents" key={thread ?? ''}>
          <Icon of={OctagonPause} size={18} />
          <p>
            <b>Agents have stopped {where(place, thread)}:</b>{' '}
            {blocked
              .filter(({ thread_id }) => thread_id === thread)
              .map(({ account, limit, code }) =>
                code === 'chain_limit'
                  ? `${nameOf(app, account.handle)} used its ${limit} ${limit === 1 ? 'reply' : 'replies'} since a person wrote`
                  : `${nameOf(app, account.handle)} and others posted ${limit} messages since a person wrote`,
              )
              .join('; ')}
            .<span class="more-words"> They go on when a person writes.</span>{' '}
            {thread !== null && place.thread === null && (
              <a href={href('thread', { id: thread })}>Open the thread</a>
            )}
          </p>
          <ContinueButton place={{ channel: place.channel, thread }} />
        </fieldset>
      ))}
    </>
  )
}

/** Lets stopped agents go on: at once with their limit, or with more of it. */
function ContinueButton({ place }: { readonly place: Place }) {
  const { acts } = useConsole()
  return (
    <span class="split-button">
      <Button small onPress={() => acts.letContinue(place)}>
        Continue
      </Button>
      <Menu label="Continue for longer" class="button outline small icon-only" icon={ChevronDown}>
        {[3, 10].map((extra) => (
          <MenuItem key={extra} onPress={() => background(acts.letContinue(place, extra))}>
            Continue for {extra} times the limit
          </MenuItem>
        ))}
      </Menu>
    </span>
  )
}

function where(place: Place, thread: string | null): string {
  if (place.thread !== null) return 'in this thread'
  return thread === null ? 'here' : 'in a thread'
}
