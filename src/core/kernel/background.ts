/** Lets work go on that is not awaited. What it fails with is reported; unhandled, it would end the process. */
export function background(work: Promise<unknown>, report: (fault: unknown) => void): void {
  work.catch(report)
}
