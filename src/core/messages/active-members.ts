import type { Directory } from '../access/directory'
import type { Account } from '../kernel/entities'
import type { Attendance } from './attendance'
import type { MentionedMembers } from './mentions'

/** The active members of a channel in the directory, which may have to load them first. */
export class ActiveMembers implements MentionedMembers {
  constructor(
    private readonly directory: Directory,
    private readonly channelId: number,
    private readonly there: Attendance,
  ) {}

  named(handles: readonly string[]): ReadonlyMap<string, number> {
    this.directory.requireHandles(handles)
    const found = handles.flatMap((handle) => this.directory.accountByHandle(handle) ?? [])
    return new Map(this.among(found).map(({ handle, id }) => [handle, id]))
  }

  first(): readonly number[] {
    return this.directory.firstMembers(this.channelId).map(({ id }) => id)
  }

  here(): readonly number[] {
    const ids = this.there.present
    this.directory.requireMembers(this.channelId, ids)
    const members = ids.filter((id) => this.directory.member(id, this.channelId))
    const found = this.present(members)
    return found.toSorted((one, other) => (one.handle < other.handle ? -1 : 1)).map(({ id }) => id)
  }

  dormant(): readonly number[] {
    const { dormant } = this.there
    return dormant.length === 0 ? dormant : this.present(dormant).map(({ id }) => id)
  }

  /** Returns those of these accounts that are members. */
  present(ids: readonly number[]): Account[] {
    this.directory.requireAccounts(ids)
    return this.among(ids.map((id) => this.directory.account(id)))
  }

  private among(accounts: readonly Account[]): Account[] {
    const active = accounts.filter(({ archivedAt }) => archivedAt === null)
    this.directory.requireMembers(
      this.channelId,
      active.map(({ id }) => id),
    )
    return active.filter(({ id }) => this.directory.member(id, this.channelId))
  }
}
