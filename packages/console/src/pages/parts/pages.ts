import { useEffect, useRef, useState } from 'preact/hooks'
import { background } from '../../background'

export interface Page<Row> {
  readonly rows: readonly Row[]
  /** Continues after this page; null at the end. */
  readonly next: string | null
}

/** A list that is read page by page. */
export interface Pages<Row> {
  readonly rows: readonly Row[] | undefined
  readonly error: unknown
  readonly hasMore: boolean
  readonly more: () => Promise<void>
  readonly reload: () => Promise<void>
}

/** Reads the first page, and begins anew when one of `keys` changes. Late answers are dropped. */
export function usePages<Row>(
  read: (cursor: string | undefined) => Promise<Page<Row>>,
  keys: readonly unknown[] = [],
): Pages<Row> {
  const [found, setFound] = useState<{ readonly page?: Page<Row>; readonly error?: unknown }>({})
  const latest = useRef(read)
  latest.current = read
  const turn = useRef(0)
  const step = async (before: Page<Row> | undefined) => {
    const mine = ++turn.current
    try {
      const page = await latest.current(before?.next ?? undefined)
      if (mine === turn.current)
        setFound({ page: { ...page, rows: [...(before?.rows ?? []), ...page.rows] } })
    } catch (error) {
      if (mine === turn.current) setFound({ error })
    }
  }
  const key = JSON.stringify(keys)
  useEffect(() => {
    setFound({})
    background(step(undefined))
    return () => {
      turn.current++
    }
  }, [key])
  return {
    rows: found.page?.rows,
    error: found.error,
    hasMore: (found.page?.next ?? null) !== null,
    more: () => step(found.page),
    reload: () => step(undefined),
  }
}
