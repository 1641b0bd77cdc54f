import { type Check, pass, skip, warn } from './check'
import type { Diagnosis } from './diagnosis'
import { storeOf } from './quiet-store'

const ANSWER_WITHIN_MS = 3000
const TOLERANCE_MS = 60_000

/** Checks that the times in the log are not ahead of the clock of this machine. */
export const logClock: Check = {
  name: 'log clock',
  async look(diagnosis) {
    const until =
      diagnosis.database === undefined ? await toldBy(diagnosis) : newestIn(diagnosis, diagnosis.database)
    if (until === undefined) return [skip('there is no log to check')]
    if (until === null) return [pass('the times in the log agree with the clock')]
    return [
      warn(
        `the times in the log are ahead of the clock, until ${until}: the clock was ahead earlier, or is behind now; until then new messages get times one microsecond apart, in the right order`,
        'set the clock (timedatectl); if it is right, the problem ends at that time, or with an older backup: synapse backup list',
      ),
    ]
  },
}

/** Returns the time of the newest event if it is in the future, and otherwise null; undefined for an empty log. */
function newestIn(diagnosis: Diagnosis, database: string): string | null | undefined {
  using db = storeOf(diagnosis, database)
  const newest = db.query<{ at: number }, []>('SELECT at FROM events ORDER BY seq DESC LIMIT 1').get()
  if (newest === null) return undefined
  return newest.at / 1000 > Date.now() + TOLERANCE_MS ? new Date(newest.at / 1000).toISOString() : null
}

/** Asks the server for the same, for a store that only the server reaches; undefined if it does not answer. */
async function toldBy({ state }: Diagnosis): Promise<string | null | undefined> {
  if (state.kind !== 'running' || !state.answering || state.run.socket === null) return undefined
  const signal = AbortSignal.timeout(ANSWER_WITHIN_MS)
  const response = await fetch('http://localhost/v1/health', { unix: state.run.socket, signal })
  // The contract defines this answer.
  const { log_ahead_until: until } = (await response.json()) as { log_ahead_until?: string | null }
  return until
}
