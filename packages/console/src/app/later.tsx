import type { ComponentType, VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { background } from '../background'
import { fetchCode } from '../code'
import { Loading } from '../ui/states'

/**
 * A component whose code is fetched when it is first shown, for what is not part of every conversation:
 *   `const Details = later(async () => (await import('./details')).Details)`
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
