import type { Administration } from '../../governance/administration'
import type { Actor } from '../../identity/actor'
import type { MatrixParts } from '../parts'
import type { Projector } from '../projector/projector'
import type { SigningKeys } from '../signing-keys'
import type { Totals } from '../total-ports'

/** How far the projector is. */
export interface ProjectorStatus {
  /** Seq of the last row of the log from which events were made. */
  readonly position: number
  /** Seq of the newest row. */
  readonly head: number
  readonly lag: number
  /** Events that rooms did not allow, since this process started. */
  readonly refused: number
}

export interface MatrixStatus {
  readonly serverName: string
  readonly keyId: string
  readonly totals: Totals
  readonly projector: ProjectorStatus
}

/** What the homeserver is and how it is. */
export class StatusReport {
  constructor(
    private readonly parts: Pick<MatrixParts, 'core' | 'store' | 'serverName'> & {
      readonly administration: Administration
      readonly projector: Projector
      readonly signingKeys: SigningKeys
    },
  ) {}

  async all(actor: Actor): Promise<MatrixStatus> {
    const { store, serverName, signingKeys } = this.parts
    const projector = await this.projector(actor)
    const totals = await store.reads.matrix().totals()
    return { serverName, keyId: signingKeys.current.keyId, totals, projector }
  }

  async projector(actor: Actor): Promise<ProjectorStatus> {
    const { administration, core, projector } = this.parts
    administration.check(actor)
    // Another process may project.
    const position = await projector.storedPosition()
    const { head } = core.log
    return { position, head, lag: Math.max(0, head - position), refused: projector.counts.refused }
  }
}
