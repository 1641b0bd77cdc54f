import { counted } from '../lib/text'
import { type Check, pass, skip, warn } from './check'
import { storeOf } from './quiet-store'

interface Counts {
  readonly webhooks: number
  readonly disabled: number
  readonly failing: number
}

/** Checks that the webhooks of accounts work. A store that only the server reaches is watched by its metrics. */
export const webhooks: Check = {
  name: 'webhooks',
  look(diagnosis) {
    if (diagnosis.database === undefined) return [skip('there is no store to check; see /metrics')]
    using db = storeOf(diagnosis, diagnosis.database)
    const hasTable = db.query("SELECT 1 FROM sqlite_master WHERE name = 'webhooks'").get() !== null
    if (!hasTable) return [skip('the store has no webhooks yet')]
    const counts = db
      .query<Counts, []>(
        `SELECT count(*) AS webhooks, count(disabled_reason) AS disabled,
          count(CASE WHEN enabled THEN failing_since END) AS failing
          FROM webhooks WHERE url IS NOT NULL AND (enabled OR disabled_reason IS NOT NULL)`,
      )
      .get()
    if (!counts || counts.webhooks === 0) return [pass('no account has a webhook')]
    const { disabled, failing } = counts
    if (disabled + failing === 0) return [pass(`${counted(counts.webhooks, 'webhook')}, none of which fails`)]
    const how = [
      ...(failing > 0 ? [`${counted(failing, 'webhook')} failing`] : []),
      ...(disabled > 0 ? [`${counted(disabled, 'webhook')} disabled by the server`] : []),
    ]
    return [
      warn(
        how.join(', '),
        'synapse webhooks list shows which; synapse webhooks deliveries --state dead shows why',
      ),
    ]
  },
}
