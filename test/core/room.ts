import type { MentionedMembers } from '../../src/core/messages/mentions'

/** A room with these members, whose internal ids are 1, 2, 3 … in the order of their handles. */
export function roomOf(handles: readonly string[], archived: readonly string[] = []) {
  const sorted = handles.toSorted()
  const idOf = (handle: string) => sorted.indexOf(handle) + 1
  const active = sorted.filter((handle) => !archived.includes(handle))
  return {
    idOf,
    handleOf: (id: number) => sorted[id - 1],
    /** The members as the resolution of mentions sees them, some with an open stream. */
    mentioned: (here: readonly string[] = [], dormant: readonly string[] = []): MentionedMembers => ({
      named: (wanted) =>
        new Map(active.filter((handle) => wanted.includes(handle)).map((handle) => [handle, idOf(handle)])),
      first: () => active.slice(0, 252).map(idOf),
      here: () => active.filter((handle) => here.includes(handle)).map(idOf),
      dormant: () => dormant.map(idOf),
    }),
  }
}
