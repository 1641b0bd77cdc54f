import { OperatorError } from '../core/kernel/operator-error'
import type { SnapshotAnswer } from './run-snapshot'
import { type SnapshotRequest, takeSnapshot } from './snapshot'

// Copying a store blocks its thread until it is done, so it runs here and not in the thread that serves requests.
declare const self: Worker

self.onmessage = ({ data }: MessageEvent<SnapshotRequest>) => self.postMessage(answerTo(data))

function answerTo(request: SnapshotRequest): SnapshotAnswer {
  try {
    return { ok: true, backup: takeSnapshot(request) }
  } catch (error) {
    if (error instanceof OperatorError)
      return { ok: false, kind: error.kind, problem: error.problem, remedy: error.remedy }
    const problem = error instanceof Error ? error.name : 'something went wrong'
    return { ok: false, kind: 'unusable', problem: `the copy failed (${problem})`, remedy: 'see the log' }
  }
}
