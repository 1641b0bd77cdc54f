import { OperatorError } from '../core/kernel/operator-error'
import { workerUrl } from '../platform/worker-url'
import type { Backup } from './records'
import type { SnapshotRequest } from './snapshot'

/** What the worker does: copies a store, or checks a copy completely. */
export type SnapshotTask =
  | { readonly task: 'copy'; readonly request: SnapshotRequest }
  | { readonly task: 'verify'; readonly file: string }

/** The answer of the worker. It contains the fields of an error, which loses its class between threads. */
export type SnapshotAnswer =
  | { readonly task: 'copy'; readonly backup: Backup }
  | { readonly task: 'verify'; readonly problems: readonly string[] }
  | ({ readonly task: 'failed' } & Pick<OperatorError, 'kind' | 'problem' | 'remedy'>)

/** Makes a copy in a worker thread. @throws OperatorError as takeSnapshot does */
export async function runSnapshot(request: SnapshotRequest): Promise<Backup> {
  const answer = await answerTo({ task: 'copy', request })
  if (answer.task === 'copy') return answer.backup
  throw new Error('the copying thread answered another task')
}

/** Checks a copy completely in a worker thread. Returns its problems. @throws OperatorError */
export async function runVerification(file: string): Promise<readonly string[]> {
  const answer = await answerTo({ task: 'verify', file })
  if (answer.task === 'verify') return answer.problems
  throw new Error('the copying thread answered another task')
}

/**
 * Does a task in a worker thread, so that requests are served meanwhile. A thread, unlike a process, ends with the
 * server and needs no command of its own.
 */
async function answerTo(task: SnapshotTask): Promise<SnapshotAnswer> {
  const worker = new Worker(workerUrl(new URL('./snapshot-worker.ts', import.meta.url), 'backup'))
  try {
    const answer = await new Promise<SnapshotAnswer>((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<SnapshotAnswer>) => resolve(data)
      worker.onerror = ({ message }) => reject(new Error(`the copying thread ended: ${message}`))
      worker.postMessage(task)
    })
    if (answer.task !== 'failed') return answer
    throw new OperatorError(answer.kind, answer.problem, answer.remedy)
  } finally {
    worker.terminate()
  }
}
