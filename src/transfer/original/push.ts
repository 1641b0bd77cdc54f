import { type Fields, type ImportParts, insertFields } from './rows'
import { isTrue, type Raw } from './source'

export interface PushDeps {
  /** Encrypts a secret with the key of the instance. */
  readonly seal: (secret: string) => string
  /** Reports whether a host is in a private network. */
  readonly isPrivateHost: (host: string) => boolean
  /** Keeps waking for broadcasts, as the earlier server always did. Now each account chooses. */
  readonly keepBroadcastWakes: boolean
}

/** What wakes an account by default (docs/contract/import.md#push-targets), and the additional choice. */
const WAKES = ['dm', 'mention', 'reply', 'approval', 'overdue', 'thread']
const BROADCAST_WAKES = ['group', 'broadcast']

/** The columns of every push endpoint. */
const PUSH = {
  name: 'push',
  source: 'inbox',
  mode: 'message',
  batch_s: 5,
  since_seq: 0,
  position: 0,
  dead_in_a_row: 0,
} as const

/** Imports the webhooks that wake accounts. `handles` are in the order of internal account ids, from 1. */
export async function importPush(
  parts: ImportParts,
  { seal, isPrivateHost, keepBroadcastWakes }: PushDeps,
  accounts: readonly Raw[],
  handles: readonly string[],
): Promise<void> {
  const wakeOn = JSON.stringify(keepBroadcastWakes ? [...WAKES, ...BROADCAST_WAKES] : WAKES)
  const targets: Fields[] = []
  for (const [index, raw] of accounts.entries()) {
    const { push_webhook_url: url = null, push_webhook_secret: secret = null } = raw
    const enabled = isTrue(raw.push_enabled)
    if (!enabled && url === null && secret === null) continue
    const host = url === null ? undefined : URL.parse(url)?.hostname
    const vouched = host !== undefined && isPrivateHost(host)
    if (vouched)
      parts.warnings.say(
        `account ${handles[index]}: its webhook leads to a private address (${host}); it stays allowed`,
      )
    targets.push({
      id: targets.length + 1,
      account_id: index + 1,
      ...PUSH,
      enabled,
      url,
      secret_sealed: secret === null ? null : seal(secret),
      reasons: wakeOn,
      vouched,
    })
  }
  await insertFields(parts, 'webhooks', targets)
}
