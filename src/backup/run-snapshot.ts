import { OperatorError } from '../core/kernel/operator-error'
import type { Backup } from './records'
import type { SnapshotRequest } from './snapshot'

/** What the worker answers: an error loses its class on the way between threads. */
export type SnapshotAnswer =
  | { readonly ok: true; readonly backup: Backup }
  | ({ readonly ok: false } & Pick<OperatorError, 'kind' | 'problem' | 'remedy'>)

/**
 * A copy made by a thread of its own, so that requests are served meanwhile. A thread, not a process: it goes with the
 * server that started it, and needs no word of the command line.
 * @throws OperatorError as takeSnapshot does
 */
export async function runSnapshot(request: SnapshotRequest): Promise<Backup> {
  const worker = new Worker(workerUrl())
  try {
    const answer = await new Promise<SnapshotAnswer>((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<SnapshotAnswer>) => resolve(data)
      worker.onerror = ({ message }) => reject(new Error(`the copying thread ended: ${message}`))
      worker.postMessage(request)
    })
    if (answer.ok) return answer.backup
    throw new OperatorError(answer.kind, answer.problem, answer.remedy)
  } finally {
    worker.terminate()
  }
}

/** Inside the executable all modules lie in one folder, and a worker below it under its path in src. */
function workerUrl(): URL {
  const isCompiled = import.meta.url.includes('/$bunfs/') || import.meta.url.includes('/~BUN/')
  return isCompiled
    ? new URL('./backup/snapshot-worker.ts', import.meta.url)
    : new URL('./snapshot-worker.ts', import.meta.url)
}
