/**
 * What users are told of: push rules, and what follows from them (spec.matrix.org, client-server API, "Push Notifications").
 * Imports only the core.
 * Start reading here, then rules.ts (the rules of a user) and push-rules.ts (how users change them).
 */
import type { MatrixParts } from '../parts'
import type { Users } from '../users'
import { PushRules } from './push-rules'

/** Creates what tells users of events. */
export function createPush(parts: Pick<MatrixParts, 'core' | 'store'>, users: Users) {
  return { pushRules: new PushRules(parts, users) }
}
