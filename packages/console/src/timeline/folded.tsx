import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Cut } from './fold'

// The types know the attribute as true or false only.
const UNTIL_FOUND = 'until-found' as unknown as boolean

interface FoldedProps {
  readonly body: string
  readonly cut: Cut
  readonly render: (body: string) => ComponentChildren
  /** Called when it was folded again: its beginning may be out of sight. */
  readonly onFold: () => void
}

/**
 * A long text of which twelve lines are visible. The search of the browser finds the rest and shows it
 * (`hidden=until-found`), as two texts so that what it found stays marked.
 */
export function Folded({ body, cut, render, onFold }: FoldedProps) {
  const [state, setState] = useState<'folded' | 'found' | 'open'>('folded')
  const rest = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const element = rest.current
    if (state !== 'folded' || !element) return
    const found = () => setState('found')
    element.addEventListener('beforematch', found)
    return () => element.removeEventListener('beforematch', found)
  }, [state])
  const toggle = () => {
    setState(state === 'folded' ? 'open' : 'folded')
    if (state !== 'folded') onFold()
  }
  return (
    <div class={`folded ${state}`}>
      {state === 'open' ? (
        render(body)
      ) : (
        <>
          {render(cut.head)}
          <div ref={rest} class="folded-rest" hidden={state === 'folded' ? UNTIL_FOUND : undefined}>
            {render(cut.rest)}
          </div>
        </>
      )}
      <button type="button" class="link folded-toggle" aria-expanded={state !== 'folded'} onClick={toggle}>
        {state === 'folded' ? `Show all ${cut.lines} lines` : 'Show less'}
      </button>
    </div>
  )
}
