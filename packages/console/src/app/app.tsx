/**
 * The frame of the console: addresses (routes.ts, navigation.ts), who is signed in (session.ts), the shell with its panes,
 * and the table of pages (pages.ts). Imports everything of the console.
 * Start reading here, then pages.ts.
 */
import { type ComponentType, render } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { background, reportFailures } from '../background'
import { fetchCode, isReloaded } from '../code'
import { Loading } from '../ui/states'
import { toast } from '../ui/toast'
import { wordsOf } from '../ui/words'
import { SignedIn } from './console'
import { ErrorBoundary } from './error-boundary'
import { later, rest } from './later'
import { followHistory, navigate, route } from './navigation'
import { pages } from './pages'
import { applyPreferences } from './preferences'
import type { Route } from './routes'
import { findSession, session } from './session'
import { Shell } from './shell'
import { Starting } from './starting'
import { Unreachable } from './unreachable'

// Who is signed in does not need it.
const SignIn = later(
  rest((parts) => parts.SignIn),
  null,
)

/** What a page gets. */
export interface PageProps {
  readonly route: Route
}

export type Page = ComponentType<PageProps>

/** Shows the console. Call it once. */
export function start(): void {
  applyPreferences()
  followHistory()
  reportFailures((error) => {
    const { title, detail } = wordsOf(error)
    toast({ text: `${title}. ${detail}`, tone: 'bad' })
  })
  if (isReloaded()) toast('The server has a new version, so this tab was loaded anew. Drafts are kept.')
  render(<App />, document.getElementById('app') as HTMLElement)
  afterPaint(() => background(findSession()))
}

const PAINT_MS = 200

/** Calls back when something is seen: what is asked for before that delays it. A hidden tab paints nothing. */
function afterPaint(act: () => void): void {
  let isDone = false
  const once = () => {
    if (isDone) return
    isDone = true
    watcher.disconnect()
    act()
  }
  const watcher = new PerformanceObserver(once)
  watcher.observe({ type: 'paint', buffered: true })
  setTimeout(once, document.hidden ? 0 : PAINT_MS)
}

function App() {
  const now = session.value
  switch (now.state) {
    case 'starting':
      return <Starting />
    case 'failed':
      return <Unreachable error={now.error} />
    case 'signed-out':
      return <SignIn setup={now.setup} ended={now.ended} />
    case 'signed-in':
      return (
        <SignedIn me={now.me} key={now.me.account_id}>
          <Shell>
            <CurrentPage />
          </Shell>
        </SignedIn>
      )
  }
}

/** The page of the address. A page whose code is fetched appears when it has come. */
function CurrentPage() {
  const now = route.value
  const isSignIn = now.name === 'login'
  useEffect(() => {
    if (isSignIn) navigate('/', { replace: true })
  }, [isSignIn])
  if (isSignIn) return null
  const entry = pages[now.name]
  // Another page, or other parameters of it, begins anew: nothing of the former one stays, unless the pages share a view.
  const key = entry.view ?? JSON.stringify([now.name, now.params])
  return (
    <ErrorBoundary key={key}>
      {'page' in entry ? <entry.page route={now} /> : <Fetched load={entry.load} route={now} />}
    </ErrorBoundary>
  )
}

const fetched = new Map<() => Promise<Page>, Page>()

function Fetched({ load, route: now }: { readonly load: () => Promise<Page>; readonly route: Route }) {
  const [Found, setFound] = useState<{ readonly page: Page | undefined }>({ page: fetched.get(load) })
  const [error, setError] = useState<unknown>()
  useEffect(() => {
    if (Found.page) return
    const get = async () => {
      try {
        const page = await fetchCode(load)
        fetched.set(load, page)
        setFound({ page })
      } catch (failure) {
        setError(failure)
      }
    }
    background(get())
  }, [load, Found.page])
  // The boundary shows it, with Retry.
  if (error !== undefined) throw error
  return Found.page ? <Found.page route={now} /> : <Loading />
}
