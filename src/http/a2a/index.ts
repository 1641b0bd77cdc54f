/**
 * The surface of A2A 1.0 (https://a2a-protocol.org), binding HTTP+JSON: programs of other systems send messages to the
 * accounts of this server, and follow what becomes of them (docs/contract/a2a.md).
 * Imports the core and the shared files of http/. card.ts describes the server, send.ts posts, tasks.ts answers with tasks,
 * other-operations.ts refuses the rest of the protocol; wire.ts and errors.ts have its JSON.
 * Start reading at send.ts.
 */
import type { Surface } from '../surface'
import { readSentBody } from './body'
import { CARD_PATH, cardEndpoints } from './card'
import { a2aCredentials } from './credentials'
import { renderA2aError, renderA2aUnknown } from './errors'
import { otherOperations } from './other-operations'
import { sendEndpoint } from './send'
import { taskEndpoints } from './tasks'

export const a2a: Surface = {
  name: 'a2a',
  prefixes: ['/a2a', CARD_PATH],
  endpoints: ({ core, limits }) => [
    ...cardEndpoints(core),
    sendEndpoint(core, limits),
    ...taskEndpoints(core),
    ...otherOperations(),
  ],
  features: ['a2a'],
  renderError: renderA2aError,
  renderUnknown: renderA2aUnknown,
  credentials: a2aCredentials,
  readBody: readSentBody,
}
