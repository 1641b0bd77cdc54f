import { UsageError } from '../../lib/cli-error'
import { parseDuration } from '../../lib/duration'
import { generatePassword } from '../../lib/passwords'
import { localMinute, tableOf } from '../../lib/table'
import { BASE, matrixCommand, pathOf } from './index'

interface RegistrationToken {
  readonly token: string
  readonly uses_allowed: number | null
  readonly pending: number
  readonly completed: number
  readonly expires_at: string | null
}

const MOST_USES = 1_000_000_000

export const create = matrixCommand({
  args: {
    token: {
      type: 'positional',
      required: false,
      description: 'The token: 1 to 64 of A-Z a-z 0-9 . _ ~ - (default: a new one)',
    },
    uses: {
      type: 'string',
      valueHint: 'n',
      description: 'How many people may register; default: any number',
    },
    expires: { type: 'string', valueHint: '7d', description: 'Time until it ends; default: never' },
  },
  notes: ['People register with it while the setting matrix.registration is token.'],
  examples: ['synapse matrix token create --uses 5 --expires 7d', 'synapse matrix token create summer-party'],
  async act(client, { token = generatePassword(), uses, expires }) {
    const lasts = expires === undefined ? undefined : parseDuration(expires, '--expires')
    const end = lasts === undefined ? undefined : (await client.moment()).getTime() + lasts
    return client.put<RegistrationToken>(pathOf('registration-tokens', token), {
      uses_allowed: uses === undefined ? undefined : parseUses(uses),
      expires_at: end === undefined ? undefined : new Date(end).toISOString(),
    })
  },
})

export const list = matrixCommand({
  args: {},
  notes: ['The token of SYNAPSE_MATRIX_REGISTRATION_TOKEN is not listed.'],
  examples: ['synapse matrix token list'],
  act: (client) => client.list<RegistrationToken>(`${BASE}/registration-tokens`),
  table: (tokens) =>
    tableOf(tokens, {
      TOKEN: ({ token }) => token,
      USED: ({ completed }) => completed,
      PENDING: ({ pending }) => pending,
      LIMIT: ({ uses_allowed }) => uses_allowed ?? 'none',
      ENDS: ({ expires_at }) => localMinute(expires_at) || 'never',
    }),
})

export const revoke = matrixCommand({
  args: { token: { type: 'positional', required: true, description: 'The token, as token list shows it' } },
  notes: ['Accounts that were made with it stay.'],
  examples: ['synapse matrix token revoke summer-party'],
  async act(client, { token }) {
    await client.delete(pathOf('registration-tokens', token))
    return { revoked: token }
  },
})

/** @throws UsageError */
function parseUses(text: string): number {
  const uses = /^\d{1,10}$/.test(text.trim()) ? Number(text) : Number.NaN
  if (uses <= MOST_USES) return uses
  throw new UsageError(`--uses must be a whole number from 0 to ${MOST_USES}`)
}
