import { compileLibrary, preloadMissing } from '../../test/support/preload'

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
  if (preloadMissing) return undefined
  const { path, [Symbol.dispose]: dispose } = await compileLibrary(source(milliseconds))
  return { library: path, [Symbol.dispose]: dispose }
}
