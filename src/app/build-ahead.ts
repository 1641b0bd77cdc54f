import { type Pace, TURN_ROWS } from '../core/kernel/turns'

/** Runs the steps, one in each turn of the event loop, until all are done or the server stops. */
export async function buildAhead(
  steps: Iterable<() => unknown>,
  pace: Pick<Pace, 'loop'>,
  isStopping: () => boolean,
): Promise<void> {
  const loop = pace.loop()
  for (const step of steps) {
    await loop.turn()
    if (isStopping()) return
    step()
    loop.did(TURN_ROWS)
  }
}
