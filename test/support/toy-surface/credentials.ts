import type { Credentials } from '../../../src/http/credentials'
import { HttpError } from '../../../src/http/errors'

const encoder = new TextEncoder()
const secret = crypto.subtle.importKey(
  'raw',
  encoder.encode('toy'),
  { name: 'HMAC', hash: 'SHA-256' },
  false,
  ['sign', 'verify'],
)

/** A token of the server in the query, signed by the client. The signature is checked before any lookup. */
export const toyCredentials: Credentials = {
  read: async (_, request) => {
    const [token = '', signature = ''] = (new URL(request.url).searchParams.get('key') ?? '').split('.')
    if (token === '') throw new HttpError(401, 'TOY_NO_KEY', 'The toy wants a key')
    const given = Buffer.from(signature, 'hex')
    if (!(await crypto.subtle.verify('HMAC', await secret, given, encoder.encode(token))))
      throw new HttpError(401, 'TOY_BAD_SIGNATURE', 'This key is not signed by who sends it')
    const hash = Bun.SHA256.hash(token, 'hex')
    return (policy) => policy.byToken(hash)
  },
}

/** The key that clients of the toy derive from their token. */
export async function toyKey(token: string): Promise<string> {
  const signature = await crypto.subtle.sign('HMAC', await secret, encoder.encode(token))
  return `${token}.${new Uint8Array(signature).toHex()}`
}
