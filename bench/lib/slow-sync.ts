import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const source = (milliseconds: number) => `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <unistd.h>
#include <time.h>
static void wait_a_bit(void) { struct timespec t = { ${Math.floor(milliseconds / 1000)}, ${(milliseconds % 1000) * 1_000_000} }; nanosleep(&t, 0); }
int fdatasync(int fd) { static int (*real)(int); if (!real) real = dlsym(RTLD_NEXT, "fdatasync"); wait_a_bit(); return real(fd); }
int fsync(int fd) { static int (*real)(int); if (!real) real = dlsym(RTLD_NEXT, "fsync"); wait_a_bit(); return real(fd); }
`

/** A library that makes every fdatasync and fsync of a process slower; undefined where there is no C compiler. */
export async function slowSync(
  milliseconds: number,
): Promise<({ readonly library: string } & Disposable) | undefined> {
  const compiler = Bun.which('cc')
  if (!compiler) return undefined
  const folder = mkdtempSync(join(tmpdir(), 'synapse-slow-'))
  const library = join(folder, 'slow.so')
  writeFileSync(join(folder, 'slow.c'), source(milliseconds))
  const child = Bun.spawn([compiler, '-shared', '-fPIC', '-o', library, join(folder, 'slow.c'), '-ldl'])
  if ((await child.exited) !== 0) throw new Error('the slow fdatasync does not compile')
  return { library, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) }
}
