import type { TObject } from '@sinclair/typebox'
import type { Matrix } from '../../core/matrix'
import { type Endpoint, endpoint, type Spec } from '../endpoint'
import type { ActorOf } from '../entrance'
import type { Static, streamed } from '../schema'
import { matrixError } from './errors'
import { Query } from './query'

type Streamed = ReturnType<typeof streamed>

interface UploadSpec {
  readonly method: 'POST' | 'PUT'
  readonly path: readonly string[]
  readonly summary: string
  readonly body: Streamed
  readonly handle: (call: {
    readonly request: Request
    readonly actor: ActorOf<'account'>
    readonly params: Readonly<Record<string, string>>
    readonly query: Query
    readonly body: Static<Streamed>
  }) => ReturnType<Spec<'account', TObject, Streamed>['handle']>
}

/** Declares an endpoint of the homeserver whose body is a file, once for each of its paths. */
export function uploadEndpoint(matrix: Matrix, spec: UploadSpec): Endpoint[] {
  const { method, summary, body: schema, handle } = spec
  return spec.path.map((path) =>
    endpoint<'account', TObject, Streamed>({
      method,
      path,
      who: 'account',
      rate: 'media',
      summary,
      tag: 'Matrix',
      documentation: 'none',
      takesRetryKey: false,
      body: schema,
      answers: { 200: { description: 'As in the specification of Matrix' } },
      handle: async ({ actor, request, params, body }) => {
        requirePlain(request)
        await matrix.entering(actor)
        return handle({ request, actor, params, body, query: new Query(request.url) })
      },
    }),
  )
}

/** @throws 415 for a compressed body, which would be stored as it came */
function requirePlain(request: Request): void {
  const coding = request.headers.get('content-encoding')?.trim().toLowerCase() ?? ''
  if (coding === '' || coding === 'identity') return
  throw matrixError(415, 'M_UNKNOWN', 'Send the file as it is, without Content-Encoding')
}
