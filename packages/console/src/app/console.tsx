import { type ReadonlySignal, type Signal, signal } from '@preact/signals'
import type { StreamEvent } from '@synapse/client'
import { type ComponentChildren, createContext } from 'preact'
import { useContext, useEffect, useMemo } from 'preact/hooks'
import { background } from '../background'
import { type Console, createConsole } from '../state'
import { whenDrawn } from './attended'
import { type Me, sessionEnded, synapse } from './session'

const ConsoleContext = createContext<Console | undefined>(undefined)

/** Returns the state of the signed-in account. @throws Error if no account is signed in */
export function useConsole(): Console {
  const app = useContext(ConsoleContext)
  if (!app) throw new Error('Nobody is signed in')
  return app
}

const ReadyContext = createContext<Signal<boolean>>(signal(false))

/** Whether the channels are known, so that a page can say that one does not exist. */
export function useReady(): ReadonlySignal<boolean> {
  return useContext(ReadyContext)
}

type Listener = (event: StreamEvent) => void

const listeners = new Set<Listener>()

/** Calls back for each event after it was applied: for notifications and announcements. Returns how to stop. */
export function onEvent(listener: Listener): () => void {
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
  }
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
        schedule: whenDrawn,
        onSignedOut: () => background(sessionEnded()),
        onEvent: (event) => {
          for (const listener of listeners) listener(event)
        },
      }),
    [me.account_id],
  )
  const isReady = useMemo(() => signal(false), [app])
  useEffect(() => {
    const begin = async () => {
      await app.start()
      isReady.value = true
    }
    background(begin())
    const stop = attend(app)
    return () => {
      stop()
      app.stop()
    }
  }, [app, isReady])
  return (
    <ConsoleContext.Provider value={app}>
      <ReadyContext.Provider value={isReady}>{children}</ReadyContext.Provider>
    </ConsoleContext.Provider>
  )
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
