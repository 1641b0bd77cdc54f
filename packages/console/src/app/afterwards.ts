import { background } from '../background'
import { NAMED, readSetup } from './session'

const QUIET_MS = 3000

/** What nobody waits for: the name of the server, which may have changed, and what an installed page needs. Returns how to stop. */
export function afterwards(): () => void {
  const timer = setTimeout(() => {
    // Without an answer, and in a full storage, the name of the last time is good enough.
    background(keepName().catch(() => undefined))
    if (document.querySelector('link[rel="manifest"]')) return
    const link = document.createElement('link')
    link.rel = 'manifest'
    link.href = '/console/manifest.webmanifest'
    document.head.append(link)
  }, QUIET_MS)
  return () => clearTimeout(timer)
}

async function keepName(): Promise<void> {
  const { name } = await readSetup()
  localStorage.setItem(NAMED, name)
}
