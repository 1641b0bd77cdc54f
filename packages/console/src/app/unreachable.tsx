import { useEffect } from 'preact/hooks'
import { background } from '../background'
import { ErrorState } from '../ui/states'
import { findSession } from './session'

/** In place of the console while the server does not answer. Tries again when the network is back. */
export function Unreachable({ error }: { readonly error: unknown }) {
  useEffect(() => {
    const again = () => background(findSession())
    addEventListener('online', again)
    return () => removeEventListener('online', again)
  }, [])
  return (
    <main class="gate">
      <div class="card">
        <ErrorState error={error} onRetry={findSession} />
      </div>
    </main>
  )
}
