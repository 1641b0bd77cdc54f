import { epochsOf } from '../../backup'
import { readState } from '../../home'
import { type Check, fail, pass, skip, warn } from './check'
import { storeOf } from './quiet-store'

/** Whether the store is as far as this home has seen it. */
export const epoch: Check = {
  name: 'epoch',
  look(diagnosis) {
    const { paths, database } = diagnosis
    if (database === undefined) return [skip('there is no SQLite store to compare')]
    const { mark, notice } = readState(paths.state)
    if (notice !== undefined) return [warn(notice, `rm ${paths.state}; it is written anew at the next stop`)]
    using db = storeOf(diagnosis, database)
    const { epochs, head } = epochsOf(db)
    const current = epochs.at(-1) ?? 'none'
    if (mark === undefined) return [pass(current)]
    if (!epochs.includes(mark.epoch))
      return [
        fail(
          `this home has seen the epoch ${mark.epoch}, which the store does not know: another store was put here`,
          'synapse epoch rotate, if it is meant to be here',
        ),
      ]
    if (mark.lastSeq > head)
      return [
        fail(
          `this home has seen seq ${mark.lastSeq}, and the store ends at ${head}: an older copy was put here by hand`,
          'synapse epoch rotate, if it is meant to be here',
        ),
      ]
    return [pass(current)]
  },
}
