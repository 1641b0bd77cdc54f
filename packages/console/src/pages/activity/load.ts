import { useSignal } from '@preact/signals'
import { useEffect, useRef, useState } from 'preact/hooks'
import { onEvent, useConsole } from '../../app/console'
import { background } from '../../background'
import type { Activity } from '../../state'
import { changesBetween } from './groups'

export type Window = Activity['window']

/** Events change the report; it is read again at most so often, in milliseconds. */
const EACH_MS = 2000
/** Counts and ages move without events. */
const AT_LEAST_MS = 60_000
const TYPES = /^(presence|claim|approval|pause|chain|thread|message|delivery)\./

interface Report {
  /** What is shown; undefined until it was read. */
  readonly shown: Activity | undefined
  readonly error: unknown
  /** How many agents have changed since, while the rows are held. */
  readonly changes: number
  /** The rows stay as they are while somebody points at them or has the focus inside. */
  readonly hold: (isHeld: boolean) => void
  /** Shows the newest report. */
  readonly update: () => void
  /** Reads it again. */
  readonly retry: () => Promise<void>
}

/** The report of a window of time, kept up to date while the page is seen. */
export function useActivity(window: Window): Report {
  const { acts } = useConsole()
  const latest = useSignal<Activity | undefined>(undefined)
  const shown = useSignal<Activity | undefined>(undefined)
  const [error, setError] = useState<unknown>()
  const isHeld = useRef(false)
  const update = () => {
    shown.value = latest.value
  }
  const read = async () => {
    try {
      const report = await acts.activity(window)
      latest.value = report
      if (!isHeld.current || shown.peek()?.window !== window) update()
      setError(undefined)
    } catch (failure) {
      setError(failure)
    }
  }
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    let isOver = false
    const again = async () => {
      timer = undefined
      if (!document.hidden) await read()
      if (!isOver && timer === undefined) timer = setTimeout(run, AT_LEAST_MS)
    }
    const run = () => background(again())
    let last = Date.now()
    const soon = () => {
      const wait = Math.max(0, last + EACH_MS - Date.now())
      clearTimeout(timer)
      timer = setTimeout(() => {
        last = Date.now()
        run()
      }, wait)
    }
    run()
    const stop = onEvent(({ type }) => {
      if (TYPES.test(type)) soon()
    })
    document.addEventListener('visibilitychange', soon)
    return () => {
      isOver = true
      clearTimeout(timer)
      stop()
      document.removeEventListener('visibilitychange', soon)
    }
  }, [window])
  const [now, next] = [shown.value, latest.value]
  return {
    shown: now,
    error,
    changes: now && next && now !== next ? changesBetween(now.agents, next.agents, Date.now()) : 0,
    hold: (held) => {
      isHeld.current = held
      if (!held) update()
    },
    update,
    retry: read,
  }
}
