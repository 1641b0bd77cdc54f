import { readFileSync } from 'node:fs'
import { Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { writeAtomically } from './atomic-write'
import { errorCode } from './home-error'

/** The newest position of the log that this home has seen. An older database was copied back by hand. */
export interface HighWaterMark {
  /** A ULID. */
  readonly epoch: string
  readonly lastSeq: number
}

const StateShape = Type.Object({
  epoch: Type.String({ pattern: '^[0-7][0-9A-HJKMNP-TV-Z]{25}$' }),
  last_seq: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
})

/** Reads `state.json`. No mark when there is no file; no mark and a `notice` to log when it is damaged. */
export function readState(path: string): { mark?: HighWaterMark; notice?: string } {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    return errorCode(error) === 'ENOENT' ? {} : { notice: unusable(path, errorCode(error)) }
  }
  const state = parsed(text)
  if (!Value.Check(StateShape, state)) return { notice: unusable(path, 'damaged') }
  return { mark: { epoch: state.epoch, lastSeq: state.last_seq } }
}

/** Replaces `state.json` in one step, on disk when this returns. */
export function writeState(path: string, { epoch, lastSeq }: HighWaterMark): void {
  writeAtomically(path, `${JSON.stringify({ epoch, last_seq: lastSeq })}\n`, { sync: true })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function unusable(path: string, why: string): string {
  return `${path} cannot be used (${why}): this start cannot detect a database that was copied back by hand`
}
