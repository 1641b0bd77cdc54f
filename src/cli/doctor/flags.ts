import { type Check, type Finding, isWithin, pass, warn } from './check'
import type { Diagnosis } from './diagnosis'
import { storeOf } from './quiet-store'

const DAY_MS = 86_400_000
const ANSWER_WITHIN_MS = 3000
const BOOTSTRAP = 'bootstrap-env'
/** Settings that must be on if others reach the server: behind a proxy every request seems to come from this machine. */
const STRICT = ['strict_actor_header', 'strict_impersonation_enforcement']

/** Checks that no setting for temporary or local use was left on. */
export const flags: Check = {
  name: 'flags',
  async look(diagnosis) {
    const findings = [...rescue(diagnosis), ...strict(diagnosis), ...(await bootstrap(diagnosis))]
    return findings.length > 0 ? findings : [pass('no unsafe option is on')]
  },
}

function rescue({ state }: Diagnosis): Finding[] {
  if (state.kind !== 'running' || !state.run.args.includes('--insecure-localhost')) return []
  return [
    warn(
      'rescue mode is on: requests from this machine need no credential',
      'synapse serve --stop, then start it without --insecure-localhost',
    ),
  ]
}

function strict({ settings }: Diagnosis): Finding[] {
  if (typeof settings.get('base_url') !== 'string') return []
  return STRICT.filter((key) => settings.get(key) === false).map((key) =>
    warn(`others reach this server, and ${key} is off`, `synapse config set ${key} true`),
  )
}

async function bootstrap(diagnosis: Diagnosis): Promise<Finding[]> {
  const issuedAt =
    diagnosis.database === undefined ? await issuedBy(diagnosis) : issuedIn(diagnosis, diagnosis.database)
  if (issuedAt === undefined || isWithin(issuedAt, DAY_MS)) return []
  return [
    warn(
      'the token of SYNAPSE_ADMIN_TOKEN (bootstrap-env) has been valid for more than a day',
      'synapse issue-token for yourself, then synapse list-tokens --account system and synapse revoke-token --id <its id>; unset SYNAPSE_ADMIN_TOKEN',
    ),
  ]
}

/** Returns when the bootstrap token was issued, in milliseconds since 1970; undefined if it is not valid any more. */
function issuedIn(diagnosis: Diagnosis, database: string): number | undefined {
  using db = storeOf(diagnosis, database)
  const found = db
    .query<{ at: number }, [string]>(
      'SELECT created_at AS at FROM tokens WHERE name = ? AND revoked_at IS NULL',
    )
    .get(BOOTSTRAP)
  return found === null ? undefined : found.at / 1000
}

/** Asks the server for the same, for a store that only the server reaches; undefined if it does not answer. */
async function issuedBy({ state }: Diagnosis): Promise<number | undefined> {
  if (state.kind !== 'running' || !state.answering || state.run.socket === null) return undefined
  const signal = AbortSignal.timeout(ANSWER_WITHIN_MS)
  const response = await fetch('http://localhost/v1/admin/tokens?account=system', {
    unix: state.run.socket,
    signal,
  })
  // The account may not exist.
  if (!response.ok) return undefined
  // The contract says what the request answers (docs/contract/admin.md#tokens-and-devices).
  const tokens = (await response.json()) as {
    name: string | null
    created_at: string
    revoked_at: string | null
  }[]
  const found = tokens.find(({ name, revoked_at }) => name === BOOTSTRAP && revoked_at === null)
  return found && Date.parse(found.created_at)
}
