import { type Endpoint, endpoint } from '../endpoint'
import { Type } from '../schema'

const schema = Type.Object({
  capabilities: Type.Object({
    api: Type.Literal('v1'),
    auth_required: Type.Boolean(),
    features: Type.Array(Type.String()),
  }),
})

/** `/.well-known/synapse`: identifies a Synapse server and its features. Readable by pages of every origin. */
export function wellKnownEndpoint(features: () => readonly string[]): Endpoint {
  return endpoint({
    method: 'GET',
    path: '/.well-known/synapse',
    who: 'anyone',
    tag: 'Server',
    summary: 'Identify the server and its capabilities',
    answers: { 200: { description: 'Capabilities', schema } },
    handle: () => ({
      status: 200,
      json: { capabilities: { api: 'v1', auth_required: true, features: features() } },
      headers: { 'cache-control': 'max-age=300', 'access-control-allow-origin': '*' },
    }),
  })
}
