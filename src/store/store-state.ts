import { OperatorError } from '../core/kernel/operator-error'

/** Fact of a store that was moved elsewhere: where to, without a password. */
export const RETIRED_TO = 'retired_to'

/** Fact of a store that another is being moved into: how far that has come. */
export const MOVING_IN = 'moving_in'

/** Facts about this copy of the store, which do not go along when it is moved. */
export const OWN_FACTS: readonly string[] = [RETIRED_TO, MOVING_IN]

/**
 * Refuses a store that is not to be served: one that was moved away, whose clients would otherwise have two futures, or
 * one that is only half moved in.
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
      'another store is being moved into this one, and not all of it is here yet',
      'run the same synapse migrate-db again to its end',
    )
}
