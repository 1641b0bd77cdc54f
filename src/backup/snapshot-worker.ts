import { OperatorError } from '../core/kernel/operator-error'
import type { SnapshotAnswer, SnapshotTask } from './run-snapshot'
import { takeSnapshot } from './snapshot'
import { verifyBackup } from './verify'

// Copying a store, or reading a copy completely, blocks its thread until it is done, so it runs here and not in the
// thread that serves requests.
declare const self: Worker

self.onmessage = async ({ data }: MessageEvent<SnapshotTask>) => self.postMessage(await answerTo(data))

async function answerTo(task: SnapshotTask): Promise<SnapshotAnswer> {
  try {
    if (task.task === 'copy') return { task: 'copy', backup: takeSnapshot(task.request) }
    return { task: 'verify', problems: (await verifyBackup(task.file)).problems }
  } catch (error) {
    if (error instanceof OperatorError)
      return { task: 'failed', kind: error.kind, problem: error.problem, remedy: error.remedy }
    const name = error instanceof Error ? error.name : 'something went wrong'
    const problem = task.task === 'copy' ? `the copy failed (${name})` : `the check failed (${name})`
    return { task: 'failed', kind: 'unusable', problem, remedy: 'see the log' }
  }
}
