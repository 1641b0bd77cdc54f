import { OperatorError } from '../core/kernel/operator-error'
import { parseInstanceKey } from '../home'
import { InvalidValue } from './config-error'

/** @throws InvalidValue unless the token has 32 to 256 printable characters without space */
export function parseAdminToken(text: string): string {
  if (/^[\x21-\x7e]{32,256}$/.test(text)) return text
  throw new InvalidValue(
    'must be 32 to 256 printable characters without space',
    'make one with: openssl rand -hex 32',
  )
}

/** The PEM with real line ends, which a one-line variable writes as `\n`. @throws InvalidValue */
export function parsePem(text: string): string {
  const pem = text.replaceAll('\\n', '\n')
  try {
    parseInstanceKey(pem, 'the value')
    return pem
  } catch (error) {
    if (error instanceof OperatorError) throw new InvalidValue(error.problem, error.remedy)
    throw error
  }
}
