// Code that is fetched when it is needed: without a connection, and after the server has got another build.
import { connect, SynapseError } from '@synapse/client'

const RELOADED = 'synapse.reloaded'
const AGAIN_AFTER_MS = 60_000
const JUST_MS = 10_000

/**
 * Fetches code: `fetchCode(() => import('./details'))`. Without a connection it waits for one and asks again: loading the
 * page anew would leave a person with the browser's error page. Where the server answers and does not have the file, it has
 * another build: the page is loaded anew, once; drafts are stored and stay. @throws TypeError if that did not help
 */
export async function fetchCode<Code>(load: () => Promise<Code>): Promise<Code> {
  for (let hasAnswered = false; ; ) {
    try {
      return await load()
    } catch (error) {
      if (!isFileGone(error)) throw error
      // What failed while the connection came back is asked for once more.
      if (hasAnswered && reloadOnce()) return await new Promise<never>(() => {})
      if (hasAnswered) throw error
      await answer()
      hasAnswered = true
    }
  }
}

/** Whether this page is what `fetchCode` has just loaded anew. */
export function isReloaded(): boolean {
  return Date.now() - Number(sessionStorage.getItem(RELOADED) ?? 0) < JUST_MS
}

function isFileGone(error: unknown): boolean {
  return error instanceof TypeError && /module|import/i.test(error.message)
}

/** Waits until the server answers, whatever it says. */
async function answer(): Promise<void> {
  const server = connect()
  for (;;) {
    try {
      await server.request('GET /v1/setup')
      return
    } catch (error) {
      if (!(error instanceof SynapseError)) throw error
      if (error.status !== 0) return
    }
  }
}

/** Loads the page anew. Returns false if that was done a moment ago. */
function reloadOnce(): boolean {
  const last = Number(sessionStorage.getItem(RELOADED) ?? 0)
  if (Date.now() - last < AGAIN_AFTER_MS) return false
  sessionStorage.setItem(RELOADED, String(Date.now()))
  location.reload()
  return true
}
