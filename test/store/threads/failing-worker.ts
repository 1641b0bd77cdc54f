/**
 * A thread of the store that ends, or waits, where a test wants it to. It runs statements as ours does. The first
 * argument is the place; the text of the request in which it happens contains TRIGGER.
 */
import type { Answer, Request } from '../../../src/store/sqlite/thread/protocol'
import { Runner } from '../../../src/store/sqlite/thread/runner'

declare const self: Worker

const TRIGGER = 'now it happens'
const [place] = process.argv.slice(2) as ['before' | 'after' | 'late']
const runner = new Runner()
/** While its first element is 0, an answer that is late waits. The second one counts such answers. */
let gate: Int32Array | undefined

self.onmessage = ({ data }: MessageEvent<string | Request | { gate: Int32Array }>) => {
  if (typeof data === 'object' && 'gate' in data) {
    gate = data.gate
    return
  }
  if (!isMeant(data)) return postMessage(runner.answer(data))
  if (place === 'before') return process.exit()
  const answer: Answer = runner.answer(data)
  if (place === 'after') return process.exit()
  if (gate) {
    Atomics.add(gate, 1, 1)
    Atomics.wait(gate, 0, 0)
  }
  postMessage(answer)
}

function isMeant(data: string | Request): boolean {
  if (typeof data === 'string') return data.includes(TRIGGER)
  return 'values' in data && data.values.includes(TRIGGER)
}
