import type { Core } from '../..'
import type { Seq } from '../../kernel/ids'
import type { Store } from '../../kernel/ports'
import type { Waiters } from '../sync/waiting'
import type { Projector } from './projector'

export interface ReadersElsewhereDeps {
  readonly core: Pick<Core, 'frames' | 'log'>
  readonly store: Pick<Store, 'shared' | 'onCommit'>
  readonly projector: Projector
  readonly waiters: Waiters
}

/**
 * Tells the process that projects for all that clients of this one wait for the newest rows, so that it does not gather
 * them first. A text that is lost costs its reader a moment.
 */
export function tellOfReaders({ core, store, projector, waiters }: ReadersElsewhereDeps): void {
  if (!store.shared) return
  let told: Seq = 0
  const send = core.frames.carry('matrix-rows', {
    receive: (text) => {
      const seq = Number(text)
      if (Number.isSafeInteger(seq)) projector.wanted.wantElsewhere(seq)
    },
    begun: () => {},
  })
  const tell = (seq: Seq) => {
    // The rows up to there are still asked for.
    if (seq <= told && projector.position < told) return
    told = seq
    send(String(seq))
  }
  projector.wanted.onWanted(tell)
  store.onCommit(() => {
    if (waiters.size > 0 && projector.position >= told) tell(core.log.head)
  })
}
