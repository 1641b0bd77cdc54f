import type { TObject } from '@sinclair/typebox'
import type { Matrix } from '../../core/matrix'
import type { DeviceName } from '../../core/matrix/login/devices'
import { type Answer, type Endpoint, endpoint, type Spec } from '../endpoint'
import type { ActorOf } from '../entrance'
import type { RequestContext } from '../request-context'
import { isStorable, type Static, type TSchema } from '../schema'
import { validator } from '../validation'
import { type JsonBody, readObject } from './body'
import { matrixError } from './errors'
import { Query } from './query'

/** Who may call an endpoint of Matrix: anybody, or a device of an account. */
type MatrixWho = 'anyone' | 'account'

/** A request whose caller and body have been checked. */
export interface MatrixCall<W extends MatrixWho, Body> {
  readonly request: Request
  readonly context: RequestContext
  readonly actor: ActorOf<W>
  /** The device of the caller; null without one. */
  readonly device: W extends 'account' ? DeviceName : null
  /** The parts of the path, decoded once. */
  readonly params: Readonly<Record<string, string>>
  readonly query: Query
  /** `{}` for an empty body, and for methods that have none. */
  readonly body: Body
  /** All members of the body. */
  readonly members: JsonBody['value']
  /** The text of the body, for the checks of event content. */
  readonly bodyText: string
}

interface MatrixSpec<W extends MatrixWho, Body extends TObject> {
  readonly method: Spec<W, TObject, TSchema>['method']
  /**
   * One path or several. What lies below `/_matrix/client/v3` is also served below `/_matrix/client/r0`, which older
   * clients use.
   */
  readonly path: string | readonly string[]
  readonly who: W
  readonly summary: string
  /** By default `read` for GET, else `write`. */
  readonly rate?: Spec<W, TObject, TSchema>['rate']
  readonly duringDrain?: true
  /** A user that an admin has locked may do this, too. */
  readonly whileLocked?: true
  /** The members of the body that are read here. Others are ignored. */
  readonly body?: Body
  /** The largest body; by default 1 MiB. */
  readonly maxBytes?: number
  readonly handle: (call: MatrixCall<W, Static<Body>>) => Answer | Promise<Answer>
}

const CURRENT = '/_matrix/client/v3/'
const EARLIER = '/_matrix/client/r0/'

/**
 * Declares an endpoint of the homeserver, once for each of its paths. All of them keep the same rules:
 * docs/contract/matrix.md#rules-of-every-route.
 */
export function matrixEndpoint<W extends MatrixWho, Body extends TObject = TObject<Record<never, never>>>(
  matrix: Matrix,
  spec: MatrixSpec<W, Body>,
): Endpoint[] {
  const { method, summary, handle, maxBytes, who, rate, duringDrain } = spec
  const check = spec.body && validator(spec.body, 'body')
  const hasBody = method !== 'GET'
  return pathsOf(spec.path).map((path) =>
    endpoint<W>({
      method,
      path,
      who,
      summary,
      tag: 'Matrix',
      documentation: 'none',
      // Matrix has transaction ids instead.
      takesRetryKey: false,
      ...(rate && { rate }),
      ...(duringDrain && { duringDrain }),
      answers: { 200: { description: 'As in the specification of Matrix' } },
      handle: async ({ request, context, actor, params: found }) => {
        // The router gives none for a path without parameters.
        const params = found ?? {}
        requireStorable(params)
        const device = actor === null ? null : await matrix.entering(actor, spec.whileLocked)
        const { text, value } = hasBody ? await readObject(request, maxBytes) : { text: '{}', value: {} }
        return handle({
          request,
          context,
          actor,
          // An account has a device, and nobody else does.
          device: device as MatrixCall<W, Static<Body>>['device'],
          params,
          query: new Query(request.url),
          // The validator has checked it.
          body: (check ? check(value) : value) as Static<Body>,
          members: value,
          bodyText: text,
        })
      },
    }),
  )
}

function pathsOf(path: string | readonly string[]): readonly string[] {
  const paths = typeof path === 'string' ? [path] : path
  return paths.flatMap((one) => (one.startsWith(CURRENT) ? [one, one.replace(CURRENT, EARLIER)] : [one]))
}

/** @throws M_INVALID_PARAM for a part of the path that no store keeps, or whose percent-encoding is invalid */
function requireStorable(params: Readonly<Record<string, string>>): void {
  // The router gives null for percent-encoding that is invalid.
  for (const [name, value] of Object.entries<string | null>(params))
    if (value === null || !isStorable(value))
      throw matrixError(400, 'M_INVALID_PARAM', `${name} in the path is no text`)
}
