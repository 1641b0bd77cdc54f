import { type Check, isWithin, pass, warn } from './check'

const LONG_MS = 3_600_000

/** Checks that the server was not left draining. */
export const drain: Check = {
  name: 'drain',
  look({ settings }) {
    if (settings.get('drain') !== true) return [pass('changes are accepted')]
    const since = settings.changedAt('drain')
    if (since !== undefined && isWithin(since, LONG_MS)) return [pass('draining, for less than an hour')]
    const how =
      since === undefined ? 'by its configuration (SYNAPSE_DRAIN)' : `since ${new Date(since).toISOString()}`
    return [warn(`changes are refused, ${how}`, 'synapse drain stop, after the maintenance')]
  },
}
