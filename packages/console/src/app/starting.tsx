import { useEffect, useState } from 'preact/hooks'
import { Mark } from '../ui/mark'
import { lastOpen } from './last-open'
import { serverName } from './session'

const SLOW_MS = 5000

/** The empty frame that is shown while the session is checked. It has the layout of the page, so that nothing moves later. */
export function Starting() {
  const [isSlow, setSlow] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), SLOW_MS)
    return () => clearTimeout(timer)
  }, [])
  const words = (
    <p class="starting" role="status">
      {isSlow && 'The server does not answer yet. Trying again …'}
    </p>
  )
  if (lastOpen() === undefined)
    return (
      <main class="gate" aria-label="Connecting">
        <div>
          <Mark />
          {words}
        </div>
      </main>
    )
  return (
    <div class="shell" aria-busy="true">
      <div class="side">
        <span class="server">
          <Mark size={22} />
          <b>{serverName.value}</b>
        </span>
      </div>
      <main class="main" aria-label="Connecting">
        <div class="top" />
        {words}
      </main>
    </div>
  )
}
