import type { Core } from '../core'
import type { Credential } from '../core/identity'
import type { Session } from '../core/kernel/entities'

/** How a surface reads who calls. What it reads is judged by the entrance alone. */
export interface Credentials {
  /**
   * The credential that a request presents. It may be checked here by what needs no directory, such as a signature.
   * @throws the surface's own refusal where there is none
   */
  read(core: Core, request: Request): Credential | Promise<Credential>
  /** Whether the request says that it acts as somebody else, which is written down. Absent: no request can. */
  readonly namesActor?: (request: Request) => boolean
  /** Judges a request to an endpoint that asks for no credential. */
  readonly checkUnasked?: (core: Core, request: Request) => void
  /** Gives an aging session its full life again, and says so in the answer. */
  readonly renew?: (core: Core, request: Request, session: Session, response: Response) => Promise<void>
}
