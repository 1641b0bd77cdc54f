import { type Check, type Finding, pass, warn } from './check'
import { type Patient, storeOf } from './patient'

const DAY_MS = 86_400_000
/** What has to be on where others reach the server: behind a proxy everybody seems to be on this machine. */
const STRICT = ['strict_actor_header', 'strict_impersonation_enforcement']

/** Whether a switch is left as it was meant for a shorter time, or for this machine alone. */
export const flags: Check = {
  name: 'flags',
  look(patient) {
    const findings = [...rescue(patient), ...strict(patient), ...bootstrap(patient)]
    return findings.length > 0 ? findings : [pass('nothing is left open')]
  },
}

function rescue({ state }: Patient): Finding[] {
  if (state.kind !== 'running' || !state.run.args.includes('--insecure-localhost')) return []
  return [
    warn(
      'rescue mode runs: no credential is asked for on this machine',
      'synapse serve --stop, then start it without',
    ),
  ]
}

function strict({ settings }: Patient): Finding[] {
  if (typeof settings.get('base_url') !== 'string') return []
  return STRICT.filter((key) => settings.get(key) === false).map((key) =>
    warn(`others reach this server, and ${key} is off`, `synapse config set ${key} true`),
  )
}

function bootstrap(patient: Patient): Finding[] {
  if (patient.database === undefined) return []
  using db = storeOf(patient, patient.database)
  const found = db
    .query<{ at: number }, []>(
      "SELECT created_at AS at FROM tokens WHERE name = 'bootstrap-env' AND revoked_at IS NULL",
    )
    .get()
  if (found === null || Date.now() - found.at / 1000 <= DAY_MS) return []
  return [
    warn(
      'the token of SYNAPSE_ADMIN_TOKEN (bootstrap-env) has been valid for more than a day',
      'synapse issue-token for yourself, then synapse list-tokens system and synapse revoke-token; unset SYNAPSE_ADMIN_TOKEN',
    ),
  ]
}
