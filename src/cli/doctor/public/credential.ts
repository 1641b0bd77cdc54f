import { type Check, type Finding, fail, pass, skip, warn } from '../check'
import { accountOf, type ClientProbe, isSynapse } from './client-probe'

const SOON_MS = 7 * 86_400_000

/** Checks that the token is valid and belongs to the expected account. */
export const credential: Check<ClientProbe> = {
  name: 'credential',
  look(probe) {
    const { client, health, me } = probe
    const { credential: kept, handle } = client
    if (kept === undefined)
      return [skip('no token is configured; name its account with --handle, or set SYNAPSE_TOKEN_FILE')]
    if (kept.token === undefined)
      return [
        fail(
          `there is no token in ${kept.from}`,
          `synapse pair --device <name>${handle === undefined ? '' : ` --account ${handle}`} on the server, then synapse join '<link>' here`,
        ),
      ]
    if (me === undefined || !isSynapse(health)) return [skip('the server does not answer')]
    if ('noAnswer' in me)
      return [fail(`the server does not answer /v1/auth/me (${me.noAnswer})`, 'try again')]
    const account = accountOf(probe)
    if (account === undefined)
      return [
        fail(
          `the token of ${kept.from} is refused: ${String(me.body['detail'] ?? me.status)}`,
          `synapse admin issue-token --account ${handle ?? '<handle>'}  # on the server; save the printed token there`,
        ),
      ]
    const findings = [...mistaken(account, handle, kept.from), ...worn(account), ...exposed(kept)]
    const scopes = Array.isArray(account['scopes']) ? account['scopes'].join(', ') : ''
    return findings.length > 0
      ? findings
      : [pass(`${account['handle']} (${account['kind']}), by ${kept.from}: ${scopes || 'no scopes'}`)]
  },
}

function mistaken(
  account: Readonly<Record<string, unknown>>,
  handle: string | undefined,
  from: string,
): Finding[] {
  if (handle === undefined || account['handle'] === handle) return []
  return [
    fail(
      `the token of ${from} belongs to ${account['handle']}, not to ${handle}`,
      `set handle to ${account['handle']}, or put the token of ${handle} there`,
    ),
  ]
}

function worn(account: Readonly<Record<string, unknown>>): Finding[] {
  const { handle, expires_at: ends, warnings } = account
  const findings: Finding[] = []
  const issue = `synapse admin issue-token --account ${handle}`
  if (typeof ends === 'string' && Date.parse(ends) - Date.now() < SOON_MS)
    findings.push(warn(`the token expires at ${ends}`, `${issue}, before that`))
  if (Array.isArray(warnings) && warnings.includes('token_shared'))
    findings.push(
      warn(
        'two programs use this token, and each misses what the other has acknowledged',
        `${issue}, for each one`,
      ),
    )
  return findings
}

function exposed({ from, isOpen }: { from: string; isOpen: boolean }): Finding[] {
  return isOpen ? [warn(`others on this machine can read ${from}`, `chmod 600 ${from}`)] : []
}
