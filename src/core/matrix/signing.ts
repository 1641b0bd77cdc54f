import { canonicalJson, type JsonObject } from './canonical'

/**
 * Hashes and signatures of JSON (spec.matrix.org, appendices, "Signing JSON"). The ports are filled by the platform;
 * base64 is without padding everywhere.
 */

/** SHA-256 of the UTF-8 of a text, in base64 without padding. */
export type Sha256 = (text: string, alphabet: 'base64' | 'base64url') => string

/** An Ed25519 key of this server. */
export interface Signer {
  /** The algorithm and version of the key, such as `ed25519:a_Xy12`. */
  readonly keyId: string
  /** The signature of the UTF-8 of a text, in base64. */
  sign(text: string): string
}

/** Reports whether a signature of a text is valid for an Ed25519 public key; false also for keys that are malformed. */
export type VerifySignature = (publicKey: string, text: string, signature: string) => boolean

/** Signatures by server and key id, as in the member `signatures` of signed JSON. */
export type Signatures = { readonly [server: string]: { readonly [keyId: string]: string } }

/** Returns the text over which signatures of a JSON object are made. */
export function signedText(value: JsonObject): string {
  const { signatures: _, unsigned: __, ...signed } = value
  return canonicalJson(signed)
}

/** Signs a JSON object for a server: a request, a key document. */
export function signJson(value: JsonObject, server: string, signer: Signer): Signatures {
  return { [server]: { [signer.keyId]: signer.sign(signedText(value)) } }
}
