import { Bell } from 'lucide'
import { Button } from '../ui/button'
import { alerts, askForAlerts, testAlert } from './notifications'
import { prefer, preferences } from './preferences'

/** Turns notifications of this browser on, or says why there are none and what to do about it. */
export function NotificationSetting() {
  switch (alerts.value) {
    case 'insecure':
      return (
        <p>
          Browsers show notifications only over https, and this page came over plain http.{' '}
          <a href="/docs#rule-https" target="_blank" rel="noreferrer">
            How to serve over https
          </a>
        </p>
      )
    case 'missing':
      return (
        <p>
          This browser shows no notifications. On an iPhone or iPad, add the page to the home screen first.
        </p>
      )
    case 'blocked':
      return <p>This browser blocks notifications of this server. Allow them in the settings of the site.</p>
    case 'ask':
      return (
        <Button icon={Bell} onPress={askForAlerts}>
          Turn on notifications
        </Button>
      )
    case 'off':
    case 'on':
      return <Choices />
  }
}

function Choices() {
  const { alerts: isOn, alertSound } = preferences.value
  return (
    <>
      <label class="switch">
        <input
          type="checkbox"
          checked={isOn}
          onChange={({ currentTarget }) => prefer({ alerts: currentTarget.checked })}
        />
        Notifications in this browser
      </label>
      {isOn && (
        <>
          <label class="switch">
            <input
              type="checkbox"
              checked={alertSound}
              onChange={({ currentTarget }) => prefer({ alertSound: currentTarget.checked })}
            />
            With a sound
          </label>
          <Button small onPress={testAlert}>
            Show one as a test
          </Button>
        </>
      )}
    </>
  )
}
