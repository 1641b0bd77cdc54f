import { OperatorError } from '../core/kernel/operator-error'

/** Name of the fact that says where this store was moved to, without a password. */
export const RETIRED_TO = 'retired_to'

/** Name of the fact that holds the progress of an unfinished move into this store. */
export const MOVING_IN = 'moving_in'

/** Facts about this copy of the store, which a move does not copy. */
export const OWN_FACTS: readonly string[] = [RETIRED_TO, MOVING_IN]

/**
 * Refuses a store that was moved away, because its clients would see two diverging logs, and a store into which a
 * move is unfinished.
 * @throws OperatorError moved_away, half_moved
 */
export function refuseMoved(facts: ReadonlyMap<string, string>): void {
  const to = facts.get(RETIRED_TO)
  if (to !== undefined)
    throw new OperatorError(
      'moved_away',
      `this store was moved to ${to}`,
      'start the server there (SYNAPSE_DATABASE_URL); to go on here instead, with a new epoch: synapse epoch rotate',
    )
  if (facts.has(MOVING_IN))
    throw new OperatorError(
      'half_moved',
      'a move of another store into this one is not finished',
      'run the same synapse migrate-db command again',
    )
}
