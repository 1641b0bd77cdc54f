/** A calendar that a test sets for one process, while it runs; its steady clock, and everybody else, goes on as before. */
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { type Preload, preload } from './preload'

const SOURCE = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile long long *ahead; /* seconds */

__attribute__((constructor)) static void load(void) {
  const char *path = getenv("SETTABLE_CLOCK");
  int fd = path ? open(path, O_RDONLY) : -1;
  if (fd < 0) return;
  void *at = mmap(0, sizeof *ahead, PROT_READ, MAP_SHARED, fd, 0);
  close(fd);
  if (at != MAP_FAILED) ahead = at;
}

int clock_gettime(clockid_t clock, struct timespec *at) {
  static int (*real)(clockid_t, struct timespec *);
  if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
  int result = real(clock, at);
  if (result == 0 && ahead && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) at->tv_sec += *ahead;
  return result;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone) {
  static int (*real)(struct timeval *, void *);
  if (!real) real = dlsym(RTLD_NEXT, "gettimeofday");
  int result = real(at, zone);
  if (result == 0 && ahead) at->tv_sec += *ahead;
  return result;
}

time_t time(time_t *at) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (at) *at = now.tv_sec;
  return now.tv_sec;
}
`

export class SettableClock implements Disposable {
  private constructor(
    private readonly library: Preload,
    private readonly ahead: number,
  ) {}

  static async make(): Promise<SettableClock> {
    const library = await preload(SOURCE)
    const ahead = join(library.folder, 'ahead')
    writeFileSync(ahead, new Uint8Array(8))
    return new SettableClock(library, openSync(ahead, 'r+'))
  }

  /** The environment of a program whose clock this is. */
  get environment(): Readonly<Record<string, string>> {
    const { path, folder } = this.library
    return { LD_PRELOAD: path, SETTABLE_CLOCK: join(folder, 'ahead') }
  }

  /** Sets it so far from the right time, in milliseconds. */
  set(ahead: number): void {
    const bytes = new DataView(new ArrayBuffer(8))
    bytes.setBigInt64(0, BigInt(Math.round(ahead / 1000)), true)
    writeSync(this.ahead, bytes, 0, 8, 0)
  }

  [Symbol.dispose](): void {
    closeSync(this.ahead)
    this.library[Symbol.dispose]()
  }
}
