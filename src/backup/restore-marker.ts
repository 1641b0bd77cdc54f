import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { OperatorError } from '../core/kernel/operator-error'
import { writeAtomically } from '../home/atomic-write'
import { syncPath } from './inspect'

/** The marker of a running restore. It exists from before the first file is moved until the restore ends. */
export interface RestoreMarker {
  readonly started_at: string
  /** Path of the copy being restored. */
  readonly from: string
  /** Folder of the replaced files. */
  readonly replaced: string
}

const MarkerShape = Type.Object({ started_at: Type.String(), from: Type.String(), replaced: Type.String() })

function markerPath(home: string): string {
  return join(home, 'restoring.json')
}

/** Returns the marker; undefined if no restore is running. Returns placeholders for a damaged marker. */
export function readMarker(home: string): RestoreMarker | undefined {
  let text: string
  try {
    text = readFileSync(markerPath(home), 'utf8')
  } catch {
    return undefined
  }
  try {
    const found: unknown = JSON.parse(text)
    if (Value.Check(MarkerShape, found)) return found
  } catch {
    // The file is written atomically, so this is damage. Its existence is what counts.
  }
  return { started_at: 'an unknown time', from: '<file>', replaced: join(home, 'replaced-…') }
}

export function setMarker(home: string, marker: RestoreMarker): void {
  writeAtomically(markerPath(home), `${JSON.stringify(marker)}\n`, { sync: true })
  syncPath(home)
}

export function clearMarker(home: string): void {
  rmSync(markerPath(home), { force: true })
  syncPath(home)
}

/** @throws OperatorError `refused` while a restore is unfinished, because the files may belong to two stores */
export function refuseHalfRestored(home: string): void {
  const marker = readMarker(home)
  if (marker === undefined) return
  throw new OperatorError('refused', ...halfRestored(marker))
}

/** Returns the problem and the remedy for an unfinished restore. */
export function halfRestored({
  started_at,
  from,
  replaced,
}: RestoreMarker): [problem: string, remedy: string] {
  return [
    `a restore of ${from} that began at ${started_at} did not end`,
    `run it again: synapse backup restore ${from} (what was there before is in ${replaced})`,
  ]
}
