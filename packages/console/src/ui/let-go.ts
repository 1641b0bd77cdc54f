import { type Component, options, type VNode } from 'preact'

/** What Preact keeps of a drawn element, under the names of its builds: component, parent, children, element of the page. */
interface Kept {
  __c?: Component | null
  __?: unknown
  __k?: unknown
  __e?: unknown
}

interface Hooks {
  diffed?: (vnode: VNode) => void
  __c?: (vnode: VNode, queue: Component[]) => void
}

/**
 * Lets go of what was drawn before. Preact keeps nothing of it, but the handlers of an element may: then they hold the whole
 * page of that time, and through its parts every later one, with each row that was ever shown. A page that stays open for a
 * day would grow all day.
 */
export function letGoOfFormer(): void {
  const hooks = options as Hooks
  const { diffed, __c: commit } = hooks
  const drawn = new WeakMap<Component, Kept>()
  let former: Kept[] = []
  hooks.diffed = (vnode) => {
    const kept = vnode as Kept
    if (kept.__c) {
      const before = drawn.get(kept.__c)
      if (before && before !== kept) former.push(before)
      drawn.set(kept.__c, kept)
    }
    diffed?.(vnode)
  }
  // Once everything is drawn, nothing asks for the former any more.
  hooks.__c = (vnode, queue) => {
    for (const one of former) one.__ = one.__k = one.__e = null
    former = []
    commit?.(vnode, queue)
  }
}
