import { UsageError } from '../lib/cli-error'

/** The content of a link after `#`: a code to redeem or, with `--direct`, the token itself. */
export type Payload = { readonly url: string; readonly device: string } & (
  | { readonly code: string }
  | { readonly token: string }
)

/** Returns the link of a payload. Browsers do not send the fragment to a server. */
export function pairLink(payload: Payload): string {
  const { url, device } = payload
  const secret = 'code' in payload ? { code: payload.code } : { token: payload.token }
  const text = JSON.stringify({ v: 1, url, ...secret, device })
  return `${url}/pair#${Buffer.from(text).toString('base64url')}`
}

/** Reads a link. @throws UsageError if `synapse pair` did not make it; the message does not quote it */
export function readPairLink(link: string): Payload {
  const fragment = link.slice(link.indexOf('#') + 1)
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(fragment, 'base64url').toString())
  } catch {
    throw notALink()
  }
  const { v, url, code, token, device } = (
    typeof value === 'object' && value !== null ? value : {}
  ) as Record<string, unknown>
  if (v !== 1 || typeof url !== 'string' || typeof device !== 'string') throw notALink()
  if (typeof token === 'string') return { url, token, device }
  if (typeof code === 'string') return { url, code, device }
  throw notALink()
}

function notALink(): UsageError {
  return new UsageError('this is not a link of synapse pair', [
    'put the link in single quotes, or use --url and --code',
  ])
}
