import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryDirectory } from '../home/temporary'

/** A library that is loaded before a program (`LD_PRELOAD`) and answers calls in the system's place. */
export interface Preload extends Disposable {
  readonly path: string
  /** Where it lies, with whatever a test puts beside it. */
  readonly folder: string
}

/** True where there is no compiler, or the loader takes no such library: tests that need one are skipped. */
export const preloadMissing = process.platform !== 'linux' || Bun.which('cc') === null

/** Compiles one from C. It goes with its scope. */
export async function preload(source: string): Promise<Preload> {
  const directory = temporaryDirectory()
  const [code, path] = ['source.c', 'preload.so'].map((name) => join(directory.path, name)) as [
    string,
    string,
  ]
  writeFileSync(code, source)
  const child = Bun.spawn(['cc', '-shared', '-fPIC', '-O1', '-o', path, code, '-ldl'])
  if ((await child.exited) !== 0) throw new Error('the library does not compile')
  return { path, folder: directory.path, [Symbol.dispose]: () => directory[Symbol.dispose]() }
}
