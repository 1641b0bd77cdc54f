import { CirclePause, Play } from 'lucide'
import { useConsole } from '../../app/console'
import { background } from '../../background'
import type { Channel } from '../../state'
import { nameOf } from '../../timeline/host'
import { Button, Icon, Menu, MenuItem, Time } from '../../ui'

const LENGTHS = [
  { minutes: 15, words: 'for 15 minutes' },
  { minutes: 60, words: 'for 1 hour' },
  { minutes: null, words: 'until I resume' },
] as const

/** Stops the agents of a channel, or the agent of a direct conversation. */
export function PauseMenu({ channel }: { readonly channel: Channel }) {
  const { acts } = useConsole()
  if (channel.role === null || channel.role === 'read_only') return null
  return (
    <Menu label="Pause" icon={CirclePause} button="Pause" class="button plain pause-button">
      <p class="menu-note">
        Posts of agents are refused here, and what would wake them waits. Their programs go on.
      </p>
      {LENGTHS.map(({ minutes, words }) => (
        <MenuItem key={words} onPress={() => background(acts.pause({ channel: channel.slug, minutes }))}>
          Pause agents {words}
        </MenuItem>
      ))}
    </Menu>
  )
}

/** Says what is paused here: by whom, until when. */
export function PauseBanner({ channel }: { readonly channel: Channel }) {
  const app = useConsole()
  const { slug } = channel
  const pauses = app.store.pauses.all.value.filter(
    (pause) => pause.channel === slug || pause.channel === null,
  )
  if (pauses.length === 0) return null
  return (
    <>
      {pauses.map(({ id, account, by, until, channel: scope }) => (
        <fieldset class="paused" aria-label="Pause" key={id}>
          <Icon of={CirclePause} size={18} />
          <p>
            <b>{account ? nameOf(app, account.handle) : 'Agents'} paused</b>
            {scope === null ? ' everywhere' : ''} by {by ? nameOf(app, by.handle) : 'the operator'}
            {until === null ? (
              ' until somebody resumes.'
            ) : (
              <>
                {' '}
                until <Time at={until} />.
              </>
            )}
          </p>
          <Button small icon={Play} onPress={() => app.acts.resume(id)}>
            Resume
          </Button>
        </fieldset>
      ))}
    </>
  )
}
