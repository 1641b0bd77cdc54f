/** Runs work without awaiting it and reports its failure. An unhandled rejection would end the process. */
export function background(work: Promise<unknown>, report: (fault: unknown) => void): void {
  work.catch(report)
}
