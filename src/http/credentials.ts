import type { Core } from '../core'
import type { Credential } from '../core/identity'
import type { Session } from '../core/kernel/entities'

/** How a surface reads the caller's credential. The entrance judges what it reads. */
export interface Credentials {
  /**
   * Returns the credential of a request. It may already check what needs no directory, such as a signature.
   * @throws the surface's own error if there is none
   */
  read(core: Core, request: Request): Credential | Promise<Credential>
  /** Reports whether the request acts as another account, which is audited. Absent: no request can. */
  readonly namesActor?: (request: Request) => boolean
  /** Checks a request to an endpoint that requires no credential. */
  readonly checkAnonymous?: (core: Core, request: Request) => void
  /** Extends an aging session and adds that to the answer. */
  readonly renew?: (core: Core, request: Request, session: Session, response: Response) => Promise<void>
}
