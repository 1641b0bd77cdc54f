import type { Labels, Sample } from './exposition'

/** Counts values by upper bounds, which are in ascending order. */
export class Histogram {
  /** The last one counts values above every bound. */
  private readonly counts: Float64Array
  private sum = 0

  constructor(readonly bounds: readonly number[]) {
    this.counts = new Float64Array(bounds.length + 1)
  }

  observe(value: number): void {
    let index = 0
    while (index < this.bounds.length && value > (this.bounds[index] ?? 0)) index++
    this.counts[index] = (this.counts[index] ?? 0) + 1
    this.sum += value
  }

  /** Returns the cumulative count for each bound, the sum and the number of all values. */
  read(): { readonly below: readonly number[]; readonly sum: number; readonly count: number } {
    let count = 0
    const below = [...this.counts].map((n) => (count += n))
    return { below, sum: this.sum, count }
  }
}

/** Returns the samples of a histogram. */
export function histogramSamples(histogram: Histogram, labels: Labels = {}): Sample[] {
  const { below, sum, count } = histogram.read()
  const bounds = [...histogram.bounds.map(String), '+Inf']
  return [
    ...bounds.map((le, i) => ({ suffix: '_bucket', labels: { ...labels, le }, value: below[i] ?? count })),
    { suffix: '_sum', labels, value: sum },
    { suffix: '_count', labels, value: count },
  ]
}
