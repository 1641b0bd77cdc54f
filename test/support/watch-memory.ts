import type { ServerProcess } from './server-process'

/** Notes the most memory that a server takes from now on. */
export function watchMemory(server: ServerProcess) {
  const before = server.residentBytes() ?? 0
  let most = before
  const look = () => {
    most = Math.max(most, server.residentBytes() ?? 0)
  }
  const timer = setInterval(look, 2)
  return {
    grownBy: () => {
      clearInterval(timer)
      look()
      return most - before
    },
  }
}

/**
 * Returns the least by which the memory of a server grows in up to three runs, and stops when it is less than `most`. One
 * run may meet a late collection; a body that is kept in memory shows in each.
 */
export async function leastGrowth(
  server: ServerProcess,
  most: number,
  run: () => Promise<unknown>,
): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let i = 0; i < 3 && least >= most; i++) {
    const memory = watchMemory(server)
    await run()
    least = Math.min(least, memory.grownBy())
  }
  return least
}
