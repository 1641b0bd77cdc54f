// The checks of doctor on the Matrix homeserver of a home.
// May import: what doctor may. subject.ts gathers what they examine; addresses.ts looks at the homeserver from outside, the
// other files at its state.
// Start reading in subject.ts, then addresses.ts.
import { type Check, skip } from '../check'
import type { Diagnosis } from '../diagnosis'
import { auth, bareDomain, login, wellKnown } from './addresses'
import { keys } from './keys'
import { path } from './path'
import { database, media, projector, push, registration } from './state'
import { subjectOf } from './subject'

/** In the order of the report. */
const CHECKS = [
  wellKnown,
  bareDomain,
  auth,
  login,
  path,
  registration,
  projector,
  database,
  push,
  media,
  keys,
]

/** The checks; one line that says so on a home without a homeserver. */
export function matrixChecks(diagnosis: Diagnosis): Check[] {
  const { serverName } = diagnosis.config.matrix ?? {}
  if (serverName === undefined)
    return [{ name: 'matrix', look: () => [skip('no homeserver (SYNAPSE_MATRIX_SERVER_NAME)')] }]
  const subject = subjectOf(diagnosis, serverName)
  return CHECKS.map(({ name, look }) => ({
    name: `matrix.${name}`,
    look: () => look(subject),
  }))
}
