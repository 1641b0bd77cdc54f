import { background } from '../background'
import { NAMED, readSetup } from './session'

const QUIET_MS = 3000

/** Loads what is not urgent: the name of the server, and the files of an installed page. Returns a function that stops it. */
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
