/**
 * A made-up protocol that uses everything a surface can define. It shows that a surface is one folder and one line of the
 * list that `boot` gets.
 */
import type { Surface } from '../../../src/http/surface'
import { toyCors } from './cors'
import { toyCredentials } from './credentials'
import { roomEndpoints } from './rooms'
import { streamEndpoints } from './streams'
import { readToyBody, renderToyError, renderToyUnknown } from './wire'

export const toy: Surface = {
  name: 'toy',
  prefixes: ['/toy'],
  features: ['toy'],
  // Any setting will do.
  isOn: (settings) => settings.get('attachments.enabled'),
  endpoints: ({ core }) => [...roomEndpoints(core), ...streamEndpoints()],
  assets: [
    {
      path: '/toy/about',
      tag: 'Toy',
      summary: 'What this is',
      description: 'Text',
      body: 'A toy.',
      headers: { 'content-type': 'text/plain', 'cache-control': 'max-age=60' },
    },
  ],
  renderError: renderToyError,
  renderUnknown: renderToyUnknown,
  credentials: toyCredentials,
  cors: toyCors,
  readBody: readToyBody,
}
