import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { background } from '../../background'
import { ErrorState, Loading } from '../../ui'

export interface ReadingProps<Value> {
  readonly read: () => Promise<Value>
  readonly children: (value: Value, reload: () => Promise<void>) => ComponentChildren
}

/** Grey rows, what was read, or why it could not be read. `reload` leaves what is shown until the answer comes. */
export function Reading<Value>({ read, children }: ReadingProps<Value>) {
  const [found, setFound] = useState<{ readonly value?: Value; readonly error?: unknown }>({})
  const turn = useRef(0)
  const latest = useRef(read)
  latest.current = read
  const reload = async () => {
    const mine = ++turn.current
    try {
      const value = await latest.current()
      if (mine === turn.current) setFound({ value })
    } catch (error) {
      if (mine === turn.current) setFound({ error })
    }
  }
  useEffect(() => {
    background(reload())
    return () => {
      turn.current++
    }
  }, [])
  if (found.error !== undefined) return <ErrorState error={found.error} onRetry={reload} />
  if (found.value === undefined) return <Loading rows={3} />
  return <>{children(found.value, reload)}</>
}
