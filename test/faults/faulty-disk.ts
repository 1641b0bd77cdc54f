/** A disk that fails on demand: chosen system calls of a program on chosen files fail as they do on a real system. */
import { Preload } from '../support/preload'

export { preloadMissing as faultyDiskMissing } from '../support/preload'

/** Calls that may fail, as bits. `write` includes making a file longer. */
const calls = { write: 1, sync: 2, read: 4 } as const
/** The error of a failing call: an error number of Linux, or 0 for a write of only half its bytes. */
const faults = { short: 0, interrupted: 4, input_output: 5, full: 28 } as const

/** Calls, error, calls that pass first, calls that fail then (-1: all), failed so far, text that a path must end with. */
const ORDERS = 'int calls, error, pass, fail, failed; char suffix[44];'

const CALLS = `
static int fails(int fd, int call) {
  if (!orders || !(orders->calls & call)) return 0;
  char link[32] = "/proc/self/fd/", path[512];
  int n = fd, digits = 1;
  while (n >= 10) { n /= 10; digits++; }
  for (int i = 13 + digits, rest = fd; i > 13; i--, rest /= 10) link[i] = '0' + rest % 10;
  link[14 + digits] = 0;
  int saved = errno;
  ssize_t length = readlink(link, path, sizeof path - 1);
  errno = saved;
  if (length < 0) return 0;
  path[length] = 0;
  size_t suffix = strlen((const char *)orders->suffix);
  if ((size_t)length < suffix || strcmp(path + length - suffix, (const char *)orders->suffix)) return 0;
  if (orders->pass > 0) { orders->pass--; return 0; }
  if (orders->fail == 0) return 0;
  if (orders->fail > 0) orders->fail--;
  orders->failed++;
  return 1;
}

#define FAIL { errno = orders->error; return -1; }

#define WRITES(name, offset) \\
  ssize_t name(int fd, const void *data, size_t size, offset at) { \\
    REAL(ssize_t, #name, int, const void *, size_t, offset); \\
    if (fails(fd, 1)) { if (orders->error) FAIL return real(fd, data, size / 2, at); } \\
    return real(fd, data, size, at); }
WRITES(pwrite, off_t)
WRITES(pwrite64, off64_t)
ssize_t write(int fd, const void *data, size_t size) {
  REAL(ssize_t, "write", int, const void *, size_t);
  if (fails(fd, 1)) { if (orders->error) FAIL return real(fd, data, size / 2); }
  return real(fd, data, size);
}
#define READS(name, offset) \\
  ssize_t name(int fd, void *data, size_t size, offset at) { \\
    REAL(ssize_t, #name, int, void *, size_t, offset); \\
    if (fails(fd, 4)) { if (orders->error) FAIL return real(fd, data, size / 2, at); } \\
    return real(fd, data, size, at); }
READS(pread, off_t)
READS(pread64, off64_t)
ssize_t read(int fd, void *data, size_t size) {
  REAL(ssize_t, "read", int, void *, size_t);
  if (fails(fd, 4)) { if (orders->error) FAIL return real(fd, data, size / 2); }
  return real(fd, data, size);
}
#define SYNCS(name) int name(int fd) { REAL(int, #name, int); if (fails(fd, 2)) FAIL return real(fd); }
SYNCS(fsync)
SYNCS(fdatasync)
#define GROWS(name, offset) int name(int fd, offset size) { \\
  REAL(int, #name, int, offset); if (fails(fd, 1)) FAIL return real(fd, size); }
GROWS(ftruncate, off_t)
GROWS(ftruncate64, off64_t)
`

export interface Fault {
  readonly calls: readonly (keyof typeof calls)[]
  readonly with: keyof typeof faults
  /** The end of the path of a file; all files by default. */
  readonly on?: string
  /** The number of calls that succeed first. */
  readonly after?: number
  /** The number of calls that fail then; all until `heal` by default. */
  readonly times?: number
}

export class FaultyDisk implements Disposable {
  private constructor(private readonly library: Preload) {}

  static async make(): Promise<FaultyDisk> {
    return new FaultyDisk(await Preload.make(ORDERS, CALLS))
  }

  /** The environment of a program that uses this disk. */
  get environment(): Readonly<Record<string, string>> {
    return this.library.environment
  }

  break(fault: Fault): void {
    const mask = fault.calls.reduce((bits, call) => bits | calls[call], 0)
    this.order(mask, faults[fault.with], fault.after ?? 0, fault.times ?? -1, fault.on ?? '')
  }

  heal(): void {
    this.order(0, 0, 0, 0, '')
  }

  /** The number of failed calls since `break`. */
  failed(): number {
    return this.library.read().getInt32(16, true)
  }

  private order(mask: number, error: number, pass: number, fail: number, suffix: string): void {
    const orders = new DataView(new ArrayBuffer(64))
    for (const [at, value] of [0, error, pass, fail, 0].entries()) orders.setInt32(at * 4, value, true)
    for (const [at, byte] of new TextEncoder().encode(suffix.slice(0, 43)).entries())
      orders.setUint8(20 + at, byte)
    // The calls to fail are written last.
    this.library.write(orders)
    orders.setInt32(0, mask, true)
    this.library.write(orders, 4)
  }

  [Symbol.dispose](): void {
    this.library[Symbol.dispose]()
  }
}
