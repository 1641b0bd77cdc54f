/** Signed tokens of the encrypted snapshot store: JSON Web Tokens, HS256, with a key derived from the instance key. */

import { errors, type JWTPayload, jwtVerify, SignJWT } from 'jose'
import type { SyncClaims, TokenSigner } from '../core/configsync/logins'
import { parseUuid } from '../core/kernel/ids'
import { deriveKey } from './instance-keys'

const ISSUER = 'synapse-configsync'
const ALGORITHM = 'HS256'

/** `seed`: the secret bytes of the instance key, which all replicas share. */
export function tokenSigner(seed: Uint8Array): TokenSigner {
  const key = deriveKey(seed, 'synapse-configsync-jwt')
  return {
    sign: ({ accountId, userId, scope, tokenId, sessionId, credentialVersion, issuedAt, expiresAt }) =>
      new SignJWT({ uid: userId, scope, tid: tokenId, cv: credentialVersion })
        .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT' })
        .setIssuer(ISSUER)
        .setSubject(accountId)
        .setJti(sessionId ?? '')
        .setIssuedAt(issuedAt)
        .setExpirationTime(expiresAt)
        .sign(key),
    verify: async (text, now) => {
      try {
        const { payload } = await jwtVerify(text, key, {
          algorithms: [ALGORITHM],
          issuer: ISSUER,
          requiredClaims: ['sub', 'iat', 'exp'],
          currentDate: new Date(now * 1000),
        })
        return claimsIn(payload)
      } catch (error) {
        if (error instanceof errors.JOSEError) return undefined
        throw error
      }
    },
  }
}

/** Reads what this server signed. Another version may have signed other claims. */
function claimsIn({ sub = '', jti = '', iat = 0, exp = 0, ...rest }: JWTPayload): SyncClaims | undefined {
  const { uid, scope, tid, cv } = rest
  const accountId = parseUuid(sub)
  if (accountId === undefined || typeof uid !== 'number' || typeof cv !== 'number') return undefined
  return {
    accountId,
    userId: uid,
    scope: typeof scope === 'string' ? scope : '',
    tokenId: typeof tid === 'string' ? (parseUuid(tid) ?? null) : null,
    sessionId: parseUuid(jti) ?? null,
    credentialVersion: cv,
    issuedAt: iat,
    expiresAt: exp,
  }
}
