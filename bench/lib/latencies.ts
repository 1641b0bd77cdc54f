/** Latencies of one run, in milliseconds. */
export class Latencies {
  private readonly values: number[] = []

  add(milliseconds: number): void {
    this.values.push(milliseconds)
  }

  /** Those of another run as well. */
  addAll(others: Latencies): void {
    for (const value of others.values) this.values.push(value)
  }

  get count(): number {
    return this.values.length
  }

  /** The value below which this share (0 to 1) of them lies. */
  quantiles(...shares: number[]): number[] {
    const sorted = Float64Array.from(this.values).sort()
    return shares.map(
      (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN,
    )
  }
}
