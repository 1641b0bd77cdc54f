import { AppError } from '../kernel/errors'
import type { Store } from '../kernel/ports'
import type { ConfigSyncActor } from './actor'
import type { Environment } from './machine-ports'
import { unprocessable } from './sealed'
import type { UserActs } from './user-acts'

export const MAX_ENVIRONMENTS = 64
const NAME = /^[a-z0-9][a-z0-9_-]{0,63}$/

/**
 * The environments of a user, merged from all machines (docs/contract/configsync.md#environments). A client always
 * sends everything that it has and asks to delete the rest; a new machine sends nothing. So only that is deleted which
 * its credential has been shown before.
 */
export class Environments {
  constructor(
    private readonly store: Pick<Store, 'reads' | 'transact'>,
    private readonly acts: UserActs,
    private readonly report: (fault: unknown) => void,
  ) {}

  async list(actor: ConfigSyncActor): Promise<Environment[]> {
    const { userId, viewer } = actor
    const { configsync } = this.store.reads
    const found = await configsync.environments(userId)
    const names = found.map(({ name }) => name)
    const seen = await configsync.environmentView(viewer)
    if (!isSame(names, seen)) await this.remember(userId, viewer, names)
    return found
  }

  /**
   * Stores what a client has, deletes what it has seen and no longer has if `deletesMissing`, and returns the whole
   * result. Nothing is deleted for a client that has none. @throws unprocessable; `UserActs.write`
   */
  sync(
    actor: ConfigSyncActor,
    incoming: readonly Environment[],
    deletesMissing: boolean,
  ): Promise<Environment[]> {
    const names = new Set(incoming.map(({ name }) => name))
    for (const name of names)
      if (!isEnvironmentName(name))
        throw unprocessable(
          'the name of an environment has 1 to 64 of a-z, 0-9, "_" and "-", and begins with a letter or digit',
        )
    if (names.size < incoming.length) throw unprocessable('each environment can be named once')
    return this.acts.write(actor, async (tx, user) => {
      const { configsync } = tx
      const stored = await configsync.environments(user.id)
      const seen = new Set(await configsync.environmentView(actor.viewer))
      const isGone = ({ name }: Environment) =>
        deletesMissing && names.size > 0 && seen.has(name) && !names.has(name)
      const gone = stored.filter(isGone).map(({ name }) => name)
      const kept = stored.filter(({ name }) => !names.has(name) && !gone.includes(name))
      if (kept.length + names.size > MAX_ENVIRONMENTS)
        throw unprocessable(`at most ${MAX_ENVIRONMENTS} environments are stored`)
      await configsync.deleteEnvironments(user.id, gone)
      await configsync.putEnvironments(user.id, incoming)
      const result = await configsync.environments(user.id)
      await configsync.putEnvironmentView(
        user.id,
        actor.viewer,
        result.map(({ name }) => name),
      )
      return result
    })
  }

  /** If this fails, less is deleted later, which does no harm; so the list is answered all the same. */
  private async remember(userId: number, viewer: string, names: readonly string[]): Promise<void> {
    try {
      await this.store.transact((tx) => tx.configsync.putEnvironmentView(userId, viewer, names))
    } catch (fault) {
      if (!(fault instanceof AppError)) this.report(fault)
    }
  }
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((name, i) => name === other[i])
}

export function isEnvironmentName(name: string): boolean {
  return NAME.test(name)
}
