import { refusal } from '../kernel/errors'
import { MAX_CORRECTION_CODE_POINTS } from '../kernel/limits'
import { isLongerThan } from '../kernel/text'
import type { NewPost } from './new-post'

/** A correction takes back an own statement: a short reply that says what it is. @throws invalid_correction */
export function requireCorrection({ body, threadId, replyTo }: NewPost): void {
  const isReply = threadId !== null || replyTo !== null
  if (!isReply || !body.startsWith('Correction:') || isLongerThan(body, MAX_CORRECTION_CODE_POINTS))
    throw refusal('invalid_correction')
}
