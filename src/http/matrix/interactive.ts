/** Requests that need interactive authentication, as their endpoints see them. */

import type { TObject } from '@sinclair/typebox'
import type { Core } from '../../core'
import { type Person, requireHuman } from '../../core/identity/actor'
import type { Matrix } from '../../core/matrix'
import type { Passed } from '../../core/matrix/login/interactive'
import { clientOf } from '../client'
import type { Static } from '../schema'
import { validator } from '../validation'
import type { MatrixCall } from './endpoint'

/** A request of a person that is authenticated, and the parameters that count. */
interface PassedRequest<Body> {
  readonly actor: Person
  readonly passed: Passed
  readonly body: Body
}

/**
 * Returns how an endpoint asks a person for its password. `what` names the act and its target: a session of
 * authentication is good for one. Members that the schema requires may be missing while the client asks what to do.
 */
export function passwordStage<Body extends TObject>(core: Core, matrix: Matrix, schema: Body) {
  const check = validator(schema, 'body')
  return async (
    { actor, members, request }: MatrixCall<'account', unknown>,
    what: string,
  ): Promise<PassedRequest<Static<Body>>> => {
    requireHuman(actor)
    const { auth, ...parameters } = members
    if (Object.keys(parameters).length > 0) check(parameters)
    const passed = await matrix.interactive.pass({
      account: actor.account,
      what,
      parameters,
      auth,
      stage: 'm.login.password',
      client: clientOf(core, request),
    })
    // The validator checks it against the schema.
    return { actor, passed, body: check(passed.parameters) as Static<Body> }
  }
}
