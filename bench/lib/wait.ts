/** Asks until there is an answer; a throw counts as none. */
export async function waitFor<Answer>(
  what: string,
  ask: () => Answer | undefined | Promise<Answer | undefined>,
  seconds = 30,
): Promise<Answer> {
  const deadline = performance.now() + seconds * 1000
  for (;;) {
    try {
      const answer = await ask()
      if (answer !== undefined) return answer
    } catch {
      // Not yet.
    }
    if (performance.now() > deadline) throw new Error(`waited ${seconds} s for ${what}`)
    await Bun.sleep(2)
  }
}
