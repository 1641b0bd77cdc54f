/** Bytes after which a collection begins. */
const EVERY_BYTES = 8 * 1024 * 1024

/**
 * Passes on the pieces of a large transfer, and has those that were used collected now and then: by itself the runtime does
 * so late, because they are few objects. `collect` begins a collection that does not hold up the event loop.
 */
export async function* collected(
  pieces: AsyncIterable<Uint8Array>,
  collect: () => void,
): AsyncGenerator<Uint8Array, void> {
  let passed = 0
  for await (const piece of pieces) {
    yield piece
    passed += piece.length
    if (passed < EVERY_BYTES) continue
    passed = 0
    collect()
  }
}
