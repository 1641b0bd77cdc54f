import type { StoreDeps } from './index'
import { connectFirst } from './postgres-connect'
import { explain } from './postgres-explain'
import { judge, timed, timeOf } from './postgres-open'
import { requireSessions } from './postgres-sessions'

/**
 * Looks at a Postgres database without changing anything: whether it can be reached and can keep a store, and what its
 * clock says. Answers what an operator should know.
 * @throws StoreError
 */
export async function inspectPostgres(
  url: string,
  deps: Pick<StoreDeps, 'clock' | 'follow'>,
): Promise<readonly string[]> {
  const { connect, first } = await connectFirst(url)
  const other = connect()
  try {
    const { notices } = await judge(first)
    await requireSessions(first, other)
    await timed(deps, async () => ({ now: await timeOf(first) }))
    return notices
  } catch (error) {
    throw explain(error, url)
  } finally {
    await Promise.all([first.end({ timeout: 1 }), other.end({ timeout: 1 })])
  }
}
