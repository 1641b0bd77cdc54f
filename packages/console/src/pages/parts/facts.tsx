import type { ComponentChildren } from 'preact'
import { Time } from '../../ui'

export interface FactsProps {
  /** Name and value; one without a value is left out. */
  readonly of: readonly (readonly [name: string, value: ComponentChildren])[]
}

/** Facts about one thing. */
export function Facts({ of }: FactsProps) {
  return (
    <dl class="facts">
      {of
        .filter(([, value]) => value !== undefined && value !== null && value !== '' && value !== false)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  )
}

/** Day and time, or other words when there is none. */
export function When({
  at,
  never = 'never',
}: {
  readonly at: string | null | undefined
  readonly never?: string
}) {
  return at ? <Time at={at} show="both" /> : <span class="none">{never}</span>
}

/** A number of bytes: `0 B`, `1.4 MB`. 1 kB is 1,000 bytes. */
export function sizeOf(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  const step = bytes < 1 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1)
  const value = bytes / 1000 ** step
  return `${value >= 100 || step === 0 ? Math.round(value) : value.toFixed(1)} ${units[step]}`
}

/** A number of things: `1 message`, `12,000 messages`. */
export function countOf(count: number, one: string, several = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : several}`
}
