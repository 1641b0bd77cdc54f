import type { ComponentType, VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { background } from '../background'
import { fetchCode } from '../code'
import type * as RestOfTheConsole from '../rest'
import { Loading } from '../ui/states'

type Rest = typeof RestOfTheConsole

let fetchRest: (() => Promise<Rest>) | undefined

/** Says where the rest of the console is fetched from. */
export function restFrom(load: () => Promise<Rest>): void {
  fetchRest = load
}

/** Fetches the rest of the console, unless it is here, and returns a part of it. */
export function rest<Part>(pick: (parts: Rest) => Part): () => Promise<Part> {
  return async () => {
    if (!fetchRest) throw new Error('nothing says where the rest of the console is')
    return pick(await fetchRest())
  }
}

/**
 * A component whose code is fetched when it is first shown, for what is not part of every conversation:
 *   `const Details = later(rest((parts) => parts.Details))`
 * The nearest error boundary shows a failure.
 */
export function later<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
  waiting: VNode | null = <Loading />,
): ComponentType<Props> {
  let found: ComponentType<Props> | undefined
  return function Later(props: Props) {
    const [Found, setFound] = useState(() => found)
    const [error, setError] = useState<unknown>()
    useEffect(() => {
      if (Found) return
      const get = async () => {
        try {
          found = await fetchCode(load)
          setFound(() => found)
        } catch (failure) {
          setError(failure)
        }
      }
      background(get())
    }, [Found])
    if (error !== undefined) throw error
    return Found ? <Found {...props} /> : waiting
  }
}
