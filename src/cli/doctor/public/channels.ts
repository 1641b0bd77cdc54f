import { type Check, type Finding, fail, pass, skip, warn } from '../check'
import { type Answer, accountOf, type ClientProbe } from './client-probe'

/** The most channels that a filter may name, and that are checked. */
const AT_MOST = 50

/** Runs every access check (docs/contract/authentication.md#access-checks) on every channel that the client listens to. */
export const channels: Check<ClientProbe> = {
  name: 'channels',
  async look(probe) {
    const account = accountOf(probe)
    if (account === undefined) return [skip('this needs a valid token')]
    const joined = await joinedBy(probe)
    const wanted = probe.client.channels.length > 0 ? probe.client.channels : joined
    if (wanted.length === 0)
      return [
        warn(
          `${account['handle']} is in no channel`,
          `synapse admin add-member ${account['handle']} <channel>  # on the server`,
        ),
      ]
    const findings: Finding[] = []
    for (const slug of wanted.slice(0, AT_MOST))
      findings.push(await gatesOf(probe, slug, String(account['handle'])))
    const isFine = findings.every(({ status }) => status === 'pass')
    return isFine ? [pass(summary(wanted, joined))] : findings
  },
}

function summary(wanted: readonly string[], joined: readonly string[]): string {
  const left = joined.filter((slug) => !wanted.includes(slug))
  const open = `every access check passes: ${wanted.slice(0, AT_MOST).join(', ')}`
  const more = wanted.length > AT_MOST ? ` (${wanted.length - AT_MOST} more were not checked)` : ''
  return `${open}${more}${left.length > 0 ? `; excluded by the client's own filter: ${left.join(', ')}` : ''}`
}

async function joinedBy(probe: ClientProbe): Promise<string[]> {
  const answer = await probe.ask('/v1/channels')
  const list = 'body' in answer ? answer.body['channels'] : undefined
  if (!Array.isArray(list)) return []
  return list.flatMap((one: unknown) =>
    typeof one === 'object' && one !== null && 'slug' in one ? [String(one.slug)] : [],
  )
}

/** What GET /v1/me/access answers (docs/contract/authentication.md#access-checks). */
interface Access {
  readonly visible: boolean
  readonly archived: boolean
  readonly gates: {
    readonly membership: { readonly ok: boolean }
    readonly scope: { readonly read: boolean; readonly post: boolean }
    readonly role: { readonly ok: boolean }
  } | null
  readonly fix: string | null
}

async function gatesOf(probe: ClientProbe, slug: string, handle: string): Promise<Finding> {
  const answer = await probe.ask(`/v1/me/access?channel=${encodeURIComponent(slug)}`)
  if (!isAccess(answer))
    return fail(`${slug}: the server does not answer the access check`, 'upgrade the server')
  return judged(slug, handle, answer.body)
}

function isAccess(answer: Answer | { noAnswer: string }): answer is Answer & { body: Access } {
  return 'status' in answer && answer.status === 200 && 'visible' in answer.body
}

/** Reports the first access check that fails. A client that may only read is a warning, because that may be intended. */
function judged(slug: string, handle: string, { visible, archived, gates, fix }: Access): Finding {
  const remedy = `${fix ?? ''}  # on the server`
  if (!visible || gates === null)
    return fail(
      `${slug}: the channel does not exist, or ${handle} may not see it (gate: visibility)`,
      `synapse admin add-member ${handle} ${slug}  # on the server; or correct channels in the file`,
    )
  if (archived) return fail(`${slug}: the channel is archived`, remedy)
  if (!gates.membership.ok) return fail(`${slug}: ${handle} is not a member (gate: membership)`, remedy)
  if (!gates.scope.read) return fail(`${slug}: the token may not read it (gate: scope)`, remedy)
  if (!gates.scope.post) return warn(`${slug}: the token may read but not post (gate: scope)`, remedy)
  if (!gates.role.ok) return warn(`${slug}: ${handle} may read but not post (gate: role)`, remedy)
  return pass(slug)
}
