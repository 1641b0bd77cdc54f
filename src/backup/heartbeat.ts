import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Static, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { writeAtomically } from '../home/atomic-write'

/** The last heartbeat after a copy: when, and why it did not arrive; null if it did. Without its URL, a secret. */
export type Heartbeat = Static<typeof HeartbeatShape>

const HeartbeatShape = Type.Object({ at: Type.String(), problem: Type.Union([Type.String(), Type.Null()]) })

/** Returns the last heartbeat of an instance; undefined if there was none. */
export function readHeartbeat(folder: string): Heartbeat | undefined {
  try {
    const found: unknown = JSON.parse(readFileSync(pathIn(folder), 'utf8'))
    return Value.Check(HeartbeatShape, found) ? found : undefined
  } catch {
    return undefined
  }
}

export function noteHeartbeat(folder: string, heartbeat: Heartbeat): void {
  writeAtomically(pathIn(folder), `${JSON.stringify(heartbeat)}\n`)
}

function pathIn(folder: string): string {
  return join(folder, 'heartbeat.json')
}
