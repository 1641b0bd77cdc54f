import type { StreamEvent } from '@synapse/client'
import type { Store } from './store'
import type { Blocked } from './types'

type Stopped = Extract<StreamEvent, { type: 'chain.blocked' }>

/** A limit has stopped an agent. */
export function stopped(store: Store, slug: string, event: Stopped): void {
  const { account, thread_id, code, limit, used, at } = event
  const known = store.blocked.peek(slug) ?? []
  const others = known.filter((one) => one.account.id !== account.id || one.thread_id !== thread_id)
  put(store, slug, [...others, { account, thread_id, code, limit, used, at }])
}

/** A person has written or decided: the budgets of the thread are restored, and the run of the channel. */
export function personSpoke(store: Store, slug: string, thread: string | null): void {
  keep(store, slug, ({ thread_id }) => thread_id !== null && thread_id !== thread)
}

/** A person lets agents go on: in a thread, or (null) in the whole channel. */
export function continued(store: Store, slug: string, thread: string | null): void {
  keep(store, slug, ({ thread_id }) => thread_id !== thread)
}

function keep(store: Store, slug: string, stays: (blocked: Blocked) => boolean): void {
  const known = store.blocked.peek(slug)
  if (!known || known.every(stays)) return
  put(store, slug, known.filter(stays))
}

function put(store: Store, slug: string, blocked: readonly Blocked[]): void {
  store.blocked.set(slug, blocked)
  for (const { root } of store.threads.values()) {
    if (root.channel !== slug) continue
    store.threads.update(root.id, (thread) => {
      const here = blocked.filter(({ thread_id }) => thread_id === root.id)
      return { ...thread, chain: { ...thread.chain, blocked: here } }
    })
  }
}
