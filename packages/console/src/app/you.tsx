import { KeyRound, Settings2, Smartphone } from 'lucide'
import { useState } from 'preact/hooks'
import { Avatar } from '../ui/avatar'
import { Button } from '../ui/button'
import { Dialog } from '../ui/dialog'
import { Icon } from '../ui/icon'
import { useConsole } from './console'
import { Main } from './main-pane'
import { NotificationSetting } from './notification-setting'
import { PairCode, type PairedDevice } from './pair-code'
import { type Preferences, prefer, preferences } from './preferences'
import { href } from './routes'
import { synapse } from './session'
import { SignOut } from './sign-out'

/** Oneself: how the console looks in this browser, letting a device in, signing out. */
export function You() {
  const me = useConsole().store.me.value
  const [device, setDevice] = useState<PairedDevice>()
  const name = me?.display_name ?? me?.handle ?? ''
  const letIn = async () => {
    const body = { device: `browser-${me?.handle ?? 'device'}`.slice(0, 64) }
    setDevice(await synapse.request('POST /v1/me/devices', { body }))
  }
  return (
    <Main title="You" class="you">
      <header class="who">
        <Avatar handle={me?.handle ?? ''} name={name} kind="human" size={40} />
        <div>
          <b>{name}</b>
          <div class="quiet">@{me?.handle}</div>
        </div>
      </header>
      <Choices
        legend="Theme"
        name="theme"
        values={[
          ['system', 'As the system'],
          ['light', 'Light'],
          ['dark', 'Dark'],
        ]}
      />
      <Choices
        legend="Rows"
        name="density"
        values={[
          ['comfortable', 'Comfortable'],
          ['compact', 'Compact'],
        ]}
      />
      <Choices
        legend="Time"
        name="clock"
        values={[
          ['24', '13:04'],
          ['12', '1:04 pm'],
        ]}
      />
      <Choices
        legend="Enter, in a message"
        name="enter"
        values={[
          ['send', 'Sends it'],
          ['break', 'Begins a new line'],
        ]}
      />
      <label class="check">
        <input
          type="checkbox"
          checked={preferences.value.singleKeys}
          onChange={({ currentTarget }) => prefer({ singleKeys: currentTarget.checked })}
        />
        Single keys act on a focused row
      </label>
      <section class="notifications">
        <h2>Notifications</h2>
        <NotificationSetting />
      </section>
      <p class="acts">
        <Button icon={Smartphone} onPress={letIn}>
          Let a device in
        </Button>
        <SignOut />
        {me?.is_admin && (
          <a class="button outline" href={href('admin')}>
            <Icon of={Settings2} />
            Administration
          </a>
        )}
      </p>
      {device && (
        <Dialog title="Let a device in" onClose={() => setDevice(undefined)}>
          <p class="quiet">
            <Icon of={KeyRound} size={14} /> Who scans this is signed in as you.
          </p>
          <PairCode device={device} />
        </Dialog>
      )}
    </Main>
  )
}

interface ChoicesProps<Name extends keyof Preferences> {
  readonly legend: string
  readonly name: Name
  readonly values: readonly (readonly [value: Preferences[Name], words: string])[]
}

/** One of a few values, kept in this browser. */
function Choices<Name extends 'theme' | 'density' | 'clock' | 'enter'>({
  legend,
  name,
  values,
}: ChoicesProps<Name>) {
  const chosen = preferences.value[name]
  return (
    <fieldset class="choices">
      <legend>{legend}</legend>
      {values.map(([value, words]) => (
        <label key={value}>
          <input
            type="radio"
            name={name}
            value={value}
            checked={value === chosen}
            onChange={() => prefer({ [name]: value } as Partial<Preferences>)}
          />
          {words}
        </label>
      ))}
    </fieldset>
  )
}
