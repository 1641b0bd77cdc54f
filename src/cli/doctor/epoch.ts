import { epochsOf } from '../../backup'
import { readState } from '../../home'
import { type Check, fail, pass, skip, warn } from './check'
import { storeOf } from './quiet-store'

/** Checks that the store is not older than what this home has seen. */
export const epoch: Check = {
  name: 'epoch',
  look(diagnosis) {
    const { paths, database } = diagnosis
    if (database === undefined) return [skip('there is no SQLite store to compare')]
    const { mark, notice } = readState(paths.state)
    if (notice !== undefined)
      return [warn(notice, `rm ${paths.state}; the next stop of the server writes it again`)]
    using db = storeOf(diagnosis, database)
    const { epochs, head } = epochsOf(db)
    const current = epochs.at(-1) ?? 'none'
    if (mark === undefined) return [pass(current)]
    if (!epochs.includes(mark.epoch))
      return [
        fail(
          `this home has seen the epoch ${mark.epoch}, which the store does not contain: the store was replaced by another one`,
          'synapse epoch rotate, if that was intended',
        ),
      ]
    if (mark.lastSeq > head)
      return [
        fail(
          `this home has seen seq ${mark.lastSeq}, but the store ends at ${head}: the store was replaced by an older copy`,
          'synapse epoch rotate, if that was intended',
        ),
      ]
    return [pass(current)]
  },
}
