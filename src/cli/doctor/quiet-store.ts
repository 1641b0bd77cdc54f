import { openQuiet } from '../../backup'

/** Opens a SQLite store for reading without changing any file. `isHeld`: a server or a command has it open. */
export function storeOf(
  { isHeld }: { readonly isHeld: boolean },
  path: string,
): ReturnType<typeof openQuiet> {
  return openQuiet(path, { isServed: isHeld })
}
