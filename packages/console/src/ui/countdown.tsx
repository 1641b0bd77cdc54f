import { useEffect, useState } from 'preact/hooks'
import { clockOf, leftOf } from './clock'

export interface CountdownProps {
  /** When it ends: RFC 3339, or milliseconds since 1970. */
  readonly until: string | number
}

/** The time that is left, counted down each second. Readers hear when it ends instead. */
export function Countdown({ until }: CountdownProps) {
  const end = new Date(until).getTime()
  const [now, setNow] = useState(Date.now)
  const isOver = now >= end
  useEffect(() => {
    if (isOver) return
    const timer = setInterval(() => setNow(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [isOver])
  return (
    <span class="countdown">
      <span aria-hidden="true" class={end - now < 30_000 ? 'short' : ''}>
        {leftOf(end - now)}
      </span>
      <span class="unseen">until {clockOf(new Date(end), '24')}</span>
    </span>
  )
}
