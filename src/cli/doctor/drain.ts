import { type Check, isWithin, pass, warn } from './check'

const LONG_MS = 3_600_000

/** Whether the server was left draining. */
export const drain: Check = {
  name: 'drain',
  look({ settings }) {
    if (settings.get('drain') !== true) return [pass('changes are taken')]
    const since = settings.changedAt('drain')
    if (since !== undefined && isWithin(since, LONG_MS)) return [pass('draining, for less than an hour')]
    const how =
      since === undefined ? 'by its configuration (SYNAPSE_DRAIN)' : `since ${new Date(since).toISOString()}`
    return [warn(`changes are refused, ${how}`, 'synapse drain stop, when the work on the server is done')]
  },
}
