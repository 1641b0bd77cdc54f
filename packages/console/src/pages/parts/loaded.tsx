/**
 * What pages of forms and tables share: reading (here, pages.ts), tables and facts, forms in a dialog, secrets that are shown
 * once, devices, deliveries of webhooks. Imports ui/ and what app/ knows of addresses and session.
 * Start reading here, then table.tsx and form-dialog.tsx.
 */
import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { background } from '../../background'
import { ErrorState, Loading } from '../../ui'

/** What a page reads from the server. */
export interface Loaded<Value> {
  readonly value: Value | undefined
  readonly error: unknown
  /** Reads it again. What is shown stays until the answer comes. */
  readonly reload: () => Promise<void>
  /** Replaces it, as after an answer that has the new value. */
  readonly replace: (change: (value: Value) => Value) => void
}

/** Reads something when the page begins, and again when one of `keys` changes. Late answers are dropped. */
export function useLoaded<Value>(read: () => Promise<Value>, keys: readonly unknown[] = []): Loaded<Value> {
  const [found, setFound] = useState<{ readonly value?: Value; readonly error?: unknown }>({})
  const latest = useRef(read)
  latest.current = read
  const turn = useRef(0)
  const reload = async () => {
    const mine = ++turn.current
    try {
      const value = await latest.current()
      if (mine === turn.current) setFound({ value })
    } catch (error) {
      if (mine === turn.current) setFound({ error })
    }
  }
  const key = JSON.stringify(keys)
  useEffect(() => {
    setFound({})
    background(reload())
    return () => {
      turn.current++
    }
  }, [key])
  return {
    value: found.value,
    error: found.error,
    reload,
    replace: (change) =>
      setFound((now) => (now.value === undefined ? now : { value: change(now.value as Value) })),
  }
}

export interface ShowProps<Value> {
  readonly of: Loaded<Value>
  /** How many grey rows stand for it. */
  readonly rows?: number
  readonly children: (value: Value) => ComponentChildren
}

/** Grey rows, what was read, or why it could not be read. */
export function Show<Value>({ of, rows, children }: ShowProps<Value>) {
  if (of.error !== undefined) return <ErrorState error={of.error} onRetry={of.reload} />
  if (of.value === undefined) return <Loading {...(rows === undefined ? {} : { rows })} />
  return <>{children(of.value)}</>
}
