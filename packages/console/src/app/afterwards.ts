import { background } from '../background'
import { readSetup } from './session'

const QUIET_MS = 3000

/** What nobody waits for: the name of the server, which may have changed, and what an installed page needs. Returns how to stop. */
export function afterwards(): () => void {
  const timer = setTimeout(() => {
    // The name that was stored is good enough.
    background(readSetup().catch(() => undefined))
    if (document.querySelector('link[rel="manifest"]')) return
    const link = document.createElement('link')
    link.rel = 'manifest'
    link.href = '/console/manifest.webmanifest'
    document.head.append(link)
  }, QUIET_MS)
  return () => clearTimeout(timer)
}
