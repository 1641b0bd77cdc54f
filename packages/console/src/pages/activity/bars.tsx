export interface BarsProps {
  /** The oldest first. */
  readonly values: readonly number[]
  readonly tone: 'people' | 'agents'
}

const HEIGHT = 20

/** Counts over time as bars. The number stands beside it as text, so that readers skip the bars. */
export function Bars({ values, tone }: BarsProps) {
  const most = Math.max(1, ...values)
  return (
    <svg
      class={`bars ${tone}`}
      viewBox={`0 0 ${values.length * 2} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <path class="ground" d={`M0 ${HEIGHT - 0.5}H${values.length * 2}`} />
      {values.map((value, index) => {
        if (value === 0) return null
        const height = Math.max(2, (value / most) * HEIGHT)
        return <rect key={index} x={index * 2} y={HEIGHT - height} width="1.5" height={height} />
      })}
    </svg>
  )
}

export function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0)
}
