import { RETIRED_TO } from '../store/store-state'
import type { StoreAdapter } from './store-adapter'

/**
 * Lets a store that was moved away be served again. Returns where it was moved to, undefined if it was not. The
 * caller begins a new epoch, because its clients may have gone on at the other place.
 */
export async function reviveStore(adapter: StoreAdapter): Promise<string | undefined> {
  const to = (await adapter.facts()).get(RETIRED_TO)
  if (to === undefined) return undefined
  await adapter.transact((write) => write.removeFact(RETIRED_TO))
  await adapter.flush()
  return to
}
