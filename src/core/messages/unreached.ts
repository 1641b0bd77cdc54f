import type { Directory } from '../access/directory'
import type { Reachability } from '../coordination/reachability'
import { reasonSet } from '../inbox/reasons'
import type { NotifiedFacts } from '../log/events'

const BROADCAST = reasonSet('broadcast')
const nothing: readonly never[] = []

/** Returns the handles of those whom a message notifies, by more than a broadcast, and who cannot be reached now. */
export async function unreached(
  {
    directory,
    reachability,
  }: { readonly directory: Directory; readonly reachability: Pick<Reachability, 'unreachable'> },
  notified: NonNullable<NotifiedFacts['notified']>,
): Promise<readonly string[]> {
  const named = notified.filter(([, reasons]) => reasons !== BROADCAST).map(([id]) => id)
  const ids = await reachability.unreachable(named)
  if (ids.length === 0) return nothing
  return directory.retryUntilLoaded(() => ids.map((id) => directory.account(id).handle))
}
