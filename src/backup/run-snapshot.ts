import { OperatorError } from '../core/kernel/operator-error'
import type { Backup } from './records'
import type { SnapshotRequest } from './snapshot'

/** The answer of the worker. It contains the fields of an error, which loses its class between threads. */
export type SnapshotAnswer =
  | { readonly ok: true; readonly backup: Backup }
  | ({ readonly ok: false } & Pick<OperatorError, 'kind' | 'problem' | 'remedy'>)

/**
 * Makes a copy in a worker thread, so that requests are served meanwhile. A thread, unlike a process, ends with the
 * server and needs no command of its own.
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

/** In the executable all modules are in one folder, and workers are below it under their path in src. */
function workerUrl(): URL {
  const isCompiled = import.meta.url.includes('/$bunfs/') || import.meta.url.includes('/~BUN/')
  return isCompiled
    ? new URL('./backup/snapshot-worker.ts', import.meta.url)
    : new URL('./snapshot-worker.ts', import.meta.url)
}
