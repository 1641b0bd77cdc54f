import { useEffect, useState } from 'preact/hooks'
import { Mark } from '../ui/mark'
import { lastOpen } from './last-open'
import { serverName } from './session'

const SLOW_MS = 5000

/** Until it is known who is signed in: the empty frame for whoever was here before, so that the first paint is that of the page. */
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
