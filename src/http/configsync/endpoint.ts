import type { TObject, TSchema } from '@sinclair/typebox'
import type { Core } from '../../core'
import type { ConfigSyncActor } from '../../core/configsync/actor'
import { requireWriter } from '../../core/configsync/actor'
import { requireMachineId } from '../../core/configsync/machines'
import type { Person } from '../../core/identity/actor'
import type { Reads } from '../../core/kernel/ports'
import { type Answer, type Call, type Endpoint, endpoint, type Spec } from '../endpoint'
import { HttpError } from '../errors'
import type { KeptAnswer } from '../once'
import { type Static, Type } from '../schema'

/** The prefixes of the surface. Clients keep the path of the address that they are given. */
export const MOUNTS = ['/api', '/configsync/api'] as const

/** As `Call`, with the user as the actor. */
interface SyncCall<Query, Body> extends Omit<Call<'account', Query, Body>, 'actor' | 'once'> {
  readonly actor: ConfigSyncActor
  /** Runs the act at most once for each retry key. `act` must use the actor that it receives. */
  readonly once: <Result>(
    act: (actor: ConfigSyncActor) => Result | Promise<Result>,
    answer: (result: Result, reads: Reads) => KeptAnswer | Promise<KeptAnswer>,
    content?: string,
  ) => Promise<KeptAnswer>
}

interface SyncSpec<Query extends TObject, Body extends TSchema>
  extends Pick<
    Spec<'account', Query, Body>,
    'method' | 'summary' | 'description' | 'query' | 'body' | 'answers' | 'takesRetryKey'
  > {
  /** Below the prefix, such as `/machines/:mid`. */
  readonly path: string
  /** The default is the class of calls that move no blobs. */
  readonly rate?: 'sync_blob_read' | 'sync_blob_write' | 'unlimited'
  readonly handle: (call: SyncCall<Static<Query>, Static<Body>>) => Answer | Promise<Answer>
}

/**
 * Declares an endpoint for users of the encrypted snapshot store, below both prefixes. A token with `configsync:read`
 * may only GET.
 */
export function syncEndpoint<Query extends TObject = TObject<never>, Body extends TSchema = TSchema>(
  core: Core,
  spec: SyncSpec<Query, Body>,
): Endpoint[] {
  const { path, handle, rate = 'sync', ...rest } = spec
  return MOUNTS.map((mount) =>
    endpoint<'account', Query, Body>({
      ...rest,
      path: `${mount}${path}`,
      who: 'account',
      rate,
      admitsSyncTokens: true,
      tag: 'ConfigSync',
      // Its errors and its clients are others than those of the page: docs/contract/configsync.md describes it.
      documentation: 'none',
      handle: async (call) => {
        const actor = await core.configsync.users.actorOf(call.actor)
        if (rest.method !== 'GET') requireWriter(actor)
        const once: SyncCall<Static<Query>, Static<Body>>['once'] = (act, answer, content) =>
          call.once((by: Person) => act({ ...actor, by }), answer, content)
        return handle({ ...call, actor, once })
      },
    }),
  )
}

const MACHINE = /^[A-Za-z0-9_-]{1,64}$/

/** Reads the id of a machine, as the machine calls itself. @throws 400; unprocessable for a word of a path */
export function machineIn(text: string | undefined): string {
  if (text !== undefined && MACHINE.test(text)) {
    requireMachineId(text)
    return text
  }
  throw new HttpError(400, 'invalid_id', 'the id of a machine has 1 to 64 of A-Z, a-z, 0-9, "_" and "-"')
}

const POSITIVE = /^[1-9]\d{0,14}$/

/** Reads an id in a path. @throws 400 */
export function idIn(text: string | undefined, what: string): number {
  if (text !== undefined && POSITIVE.test(text)) return Number(text)
  throw invalidId(what)
}

/** Reads an id in a body. @throws 400 */
export function idOf(id: number, what: string): number {
  if (id > 0) return id
  throw invalidId(what)
}

function invalidId(what: string): HttpError {
  return new HttpError(400, 'invalid_id', `the ${what} is a positive whole number`)
}

/** A number in a body. Postgres refuses ids that only fit a float. */
export const wholeNumber = Type.Integer({
  minimum: Number.MIN_SAFE_INTEGER,
  maximum: Number.MAX_SAFE_INTEGER,
})
