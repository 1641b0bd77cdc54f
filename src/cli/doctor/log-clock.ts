import { type Check, pass, skip, warn } from './check'
import type { Diagnosis } from './diagnosis'
import { storeOf } from './quiet-store'

const ANSWER_WITHIN_MS = 3000
const TOLERANCE_MS = 60_000

/** Whether the times in the log run ahead of the clock of this machine. */
export const logClock: Check = {
  name: 'log clock',
  async look(diagnosis) {
    const until =
      diagnosis.database === undefined ? await toldBy(diagnosis) : newestIn(diagnosis, diagnosis.database)
    if (until === undefined) return [skip('there is no log to look at')]
    if (until === null) return [pass('the times in the log are those of the clock')]
    return [
      warn(
        `the log is ahead of the clock, until ${until}: the clock was ahead once, or is behind now; new messages get times a microsecond apart, in the right order`,
        'set the clock right (timedatectl); if it is right, this ends by itself then, or with a backup from before: synapse backup list',
      ),
    ]
  },
}

/** The time of the newest event, where that is ahead of now, else null; undefined in an empty log. */
function newestIn(diagnosis: Diagnosis, database: string): string | null | undefined {
  using db = storeOf(diagnosis, database)
  const newest = db.query<{ at: number }, []>('SELECT at FROM events ORDER BY seq DESC LIMIT 1').get()
  if (newest === null) return undefined
  return newest.at / 1000 > Date.now() + TOLERANCE_MS ? new Date(newest.at / 1000).toISOString() : null
}

/** The same of a store that only its server reaches; undefined where that does not say. */
async function toldBy({ state }: Diagnosis): Promise<string | null | undefined> {
  if (state.kind !== 'running' || !state.answering || state.run.socket === null) return undefined
  const signal = AbortSignal.timeout(ANSWER_WITHIN_MS)
  const response = await fetch('http://localhost/v1/health', { unix: state.run.socket, signal })
  // The contract says what the request answers.
  const { log_ahead_until: until } = (await response.json()) as { log_ahead_until?: string | null }
  return until
}
