import { OperatorError } from '../core/kernel/operator-error'
import type { SnapshotAnswer } from './run-snapshot'
import { type SnapshotRequest, takeSnapshot } from './snapshot'

// A copy of a store blocks whoever makes it for as long as it takes: this thread, not the one that serves.
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
