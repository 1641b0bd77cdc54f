import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { OperatorError } from '../core/kernel/operator-error'
import { writeAtomically } from '../home/atomic-write'
import { syncPath } from './inspect'

/** What a restore that has begun to move files says about itself, until the last of them is in its place. */
export interface RestoreMarker {
  readonly started_at: string
  /** What is being put back. */
  readonly from: string
  /** Where the files are that were in its place. */
  readonly replaced: string
}

const MarkerShape = Type.Object({ started_at: Type.String(), from: Type.String(), replaced: Type.String() })

function markerPath(home: string): string {
  return join(home, 'restoring.json')
}

/** Undefined while no restore is under way; a damaged marker is one whose words are lost. */
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
    // Written in one step, so this is damage of another kind; that it is there still says enough.
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

/** @throws OperatorError `refused` while a restore has not come to its end: what lies there may be half of two stores */
export function refuseHalfRestored(home: string): void {
  const marker = readMarker(home)
  if (marker === undefined) return
  throw new OperatorError('refused', ...halfRestored(marker))
}

/** What is wrong, and what to do. */
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
