import { counted } from '../lib/text'
import { type Check, pass, skip, warn } from './check'
import { storeOf } from './quiet-store'

/** More events than arrive in the minutes that the index may be behind while many messages are posted. */
const FAR = 10_000

/** Checks that the index of words has read the log. A store that only the server reaches is watched by its metrics. */
export const search: Check = {
  name: 'search',
  async look(diagnosis) {
    if (diagnosis.database === undefined) return [skip('there is no store to check; see /metrics')]
    using db = storeOf(diagnosis, diagnosis.database)
    const hasIndex = db.query("SELECT 1 FROM sqlite_master WHERE name = 'message_words'").get() !== null
    if (!hasIndex) return [skip('the store has no search index yet')]
    const behind = db
      .query<{ behind: number }, []>(
        `SELECT coalesce((SELECT max(seq) FROM events), 0)
          - coalesce((SELECT position FROM projections WHERE name = 'search'), 0) AS behind`,
      )
      .get()?.behind
    if (behind === undefined || behind <= FAR) return [pass('the search index has read the log')]
    return [
      warn(
        `the search index is ${counted(behind, 'event')} behind, so search does not find the newest messages`,
        diagnosis.isHeld
          ? 'wait until fewer messages are posted; if it stays behind, look for projection:search in the log'
          : 'start the server: the index catches up in the background',
      ),
    ]
  },
}
