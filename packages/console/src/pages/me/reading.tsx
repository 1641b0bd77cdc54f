import type { ComponentChildren } from 'preact'
import { Show, useLoaded } from '../parts/loaded'

export interface ReadingProps<Value> {
  readonly read: () => Promise<Value>
  readonly children: (value: Value, reload: () => Promise<void>) => ComponentChildren
}

/** A part of a page that reads once when it is shown. `reload` leaves what is shown until the answer comes. */
export function Reading<Value>({ read, children }: ReadingProps<Value>) {
  const loaded = useLoaded(read)
  return (
    <Show of={loaded} rows={3}>
      {(value) => children(value, loaded.reload)}
    </Show>
  )
}
