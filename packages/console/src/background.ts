type Report = (error: unknown) => void

let report: Report = (error) => {
  throw error
}

/** Says who hears of what fails in the background. By default it is thrown, unhandled. */
export function reportFailures(to: Report): void {
  report = to
}

/** Lets a promise run without waiting for it. A failure is reported. */
export function background(work: Promise<unknown>): void {
  work.then(undefined, (error: unknown) => report(error))
}
