import { CliError, UsageError } from '../lib/cli-error'
import { clientFolder } from '../lib/client-folder'
import { command } from '../lib/command'
import { baseOf } from '../lib/connect'
import { EXIT } from '../lib/exit-codes'
import { refusalOf } from '../lib/refusal'
import { note, printJson } from '../lib/terminal'
import { readPairLink } from './link'
import { reserveTokenFile } from './token-file'

const ANSWER_WITHIN_MS = 30_000

interface Credential {
  readonly token: string
  readonly account: { readonly handle: string; readonly kind: string }
  readonly scopes: readonly string[]
  readonly expires_at: string | null
  readonly instance_did?: string
}

export const joinServer = command({
  args: {
    link: {
      type: 'positional',
      required: false,
      valueHint: 'LINK',
      description: 'The link that synapse pair shows, in single quotes',
    },
    url: { type: 'string', valueHint: 'url', description: 'Address of the server, instead of a link' },
    code: { type: 'string', valueHint: 'code', description: 'Code to redeem at that address, XXXX-XXXXXXXX' },
    device: {
      type: 'string',
      valueHint: 'label',
      description: 'Label for this device, instead of the one in the code',
    },
    json: { type: 'boolean', description: 'The answer is JSON with or without it' },
  },
  notes: [
    'Saves the token in ~/.synapse/<handle>.token, readable by its owner only. Replaces an older token there.',
  ],
  examples: [
    "synapse join 'https://chat.example.org/pair#eyJ2IjoxLCJ1cmwiOiJodHRwcz…'",
    'synapse join --url https://chat.example.org --code 7K3M-9QZC42AB',
  ],
  async run({ args }) {
    const { url, ...secret } = given(args)
    // Reserved before the code is redeemed, so that the token can be saved.
    using room = reserveTokenFile(clientFolder())
    const { token, account, scopes, expires_at, instance_did } =
      'token' in secret
        ? await identify(url, secret.token)
        : await ask<Credential>(url, '/v1/pair/redeem', { code: secret.code, device: args.device })
    const file = room.keep(account.handle, token)
    const { handle, kind } = account
    printJson({
      url,
      handle,
      kind,
      scopes,
      expires_at,
      ...(instance_did && { instance_did }),
      token_file: file,
    })
    if (process.stderr.isTTY) note(`\nTo use it from here: synapse setup --url ${url} --handle ${handle}`)
    return undefined
  },
})

/** Returns the address and the secret. @throws UsageError unless given a link, or an address with a code */
function given(args: {
  readonly link: string | undefined
  readonly url: string | undefined
  readonly code: string | undefined
}): { url: string } & ({ code: string } | { token: string }) {
  if (args.link !== undefined) {
    if (args.url !== undefined || args.code !== undefined)
      throw new UsageError('a link already contains the address and the code: leave out --url and --code')
    const payload = readPairLink(args.link)
    return { ...payload, url: baseOf(payload.url) }
  }
  if (args.url === undefined || args.code === undefined)
    throw new UsageError('join needs a link, or --url and --code')
  return { url: baseOf(args.url), code: args.code }
}

/** Returns the account of a token, which also shows that the token works. @throws CliError */
async function identify(url: string, token: string): Promise<Credential> {
  const me = await ask<{ handle: string; kind: string; scopes: string[]; expires_at: string | null }>(
    url,
    '/v1/auth/me',
    undefined,
    token,
  )
  const { handle, kind, scopes, expires_at } = me
  return { token, account: { handle, kind }, scopes, expires_at }
}

/** @throws CliError with the exit code of what went wrong */
async function ask<Answer>(
  url: string,
  path: string,
  body: object | undefined,
  token?: string,
): Promise<Answer> {
  const headers = {
    Accept: 'application/json',
    ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
  }
  const content = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
  let response: Response
  try {
    const signal = AbortSignal.timeout(ANSWER_WITHIN_MS)
    response = await fetch(`${url}${path}`, { ...content, headers, redirect: 'manual', signal })
  } catch (cause) {
    const why = cause instanceof Error ? ('code' in cause ? String(cause.code) : cause.name) : 'no answer'
    throw new CliError(EXIT.unreachable, `cannot reach ${url} (${why})`, [
      'check that this machine reaches the server at that address',
    ])
  }
  const answer: unknown = await response.json().catch(() => undefined)
  if (!response.ok) throw refusalOf(response.status, answer)
  if (answer === undefined) throw new CliError(EXIT.failure, `${url} does not answer like a Synapse server`)
  // The contract defines this answer.
  return answer as Answer
}
