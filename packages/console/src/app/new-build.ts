const RELOADED = 'synapse.reloaded'
const AGAIN_AFTER_MS = 60_000
const JUST_MS = 10_000

/** Whether the code of a page could not be fetched: the server may have another build since this tab was opened. */
export function isFileGone(error: unknown): boolean {
  return error instanceof TypeError && /module|import/i.test(error.message)
}

/**
 * Loads the page anew, with the code of the present build; drafts are stored and stay. Returns false if that was done a
 * moment ago and did not help.
 */
export function reloadOnce(): boolean {
  const last = Number(sessionStorage.getItem(RELOADED) ?? 0)
  if (Date.now() - last < AGAIN_AFTER_MS) return false
  sessionStorage.setItem(RELOADED, String(Date.now()))
  location.reload()
  return true
}

/** Whether this page is what `reloadOnce` has just loaded. */
export function isReloaded(): boolean {
  return Date.now() - Number(sessionStorage.getItem(RELOADED) ?? 0) < JUST_MS
}
