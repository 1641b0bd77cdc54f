import { markOf, type ProcessMark } from '../../home'

/** A process, so that one which outlived its starter can be told from another with the same pid. */
export interface StartedProcess {
  readonly pid: number
  readonly mark: ProcessMark | undefined
}

/** Reports whether this very process is running. */
export function isRunning({ pid, mark }: StartedProcess): boolean {
  const now = markOf(pid)
  return mark !== undefined && now !== undefined && now.started === mark.started && now.boot === mark.boot
}
