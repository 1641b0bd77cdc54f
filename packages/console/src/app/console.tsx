import { type ComponentChildren, createContext } from 'preact'
import { useContext, useEffect, useMemo } from 'preact/hooks'
import { background } from '../background'
import { type Console, createConsole } from '../state'
import { type Me, sessionEnded, synapse } from './session'

const ConsoleContext = createContext<Console | undefined>(undefined)

/** The state of the account that is signed in. @throws Error where nobody is */
export function useConsole(): Console {
  const app = useContext(ConsoleContext)
  if (!app) throw new Error('Nobody is signed in')
  return app
}

interface SignedInProps {
  readonly me: Me
  readonly children: ComponentChildren
}

/** Connects for an account while it is signed in, and gives its state to what is inside. */
export function SignedIn({ me, children }: SignedInProps) {
  const app = useMemo(
    () =>
      createConsole({
        synapse,
        me,
        storage: localStorage,
        schedule: (flush) => (document.hidden ? setTimeout(flush, 16) : requestAnimationFrame(flush)),
        onSignedOut: () => background(sessionEnded()),
      }),
    [me.account_id],
  )
  useEffect(() => {
    background(app.start())
    const stop = attend(app)
    return () => {
      stop()
      app.stop()
    }
  }, [app])
  return <ConsoleContext.Provider value={app}>{children}</ConsoleContext.Provider>
}

/** Tells the state what happens to the window: focus, input, the network, leaving. Returns what ends that. */
function attend(app: Console): () => void {
  const listening = new AbortController()
  const { signal } = listening
  const focus = () => app.reading.focus(document.hasFocus())
  const input = () => app.reading.input()
  for (const type of ['focus', 'blur']) addEventListener(type, focus, { signal })
  for (const type of ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart'])
    addEventListener(type, input, { signal, passive: true, capture: true })
  addEventListener('online', () => app.hurry(), { signal })
  addEventListener('pagehide', () => app.flush(), { signal })
  document.addEventListener(
    'visibilitychange',
    () => {
      focus()
      if (document.hidden) app.flush()
      else app.hurry()
    },
    { signal },
  )
  focus()
  return () => listening.abort()
}
