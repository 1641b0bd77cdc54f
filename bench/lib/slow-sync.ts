import { Preload, preloadMissing } from '../../test/support/preload'

const ORDERS = 'volatile int milliseconds;'

const CALLS = `
static void wait_a_bit(void) {
  int milliseconds = orders ? orders->milliseconds : 0;
  if (milliseconds <= 0) return;
  struct timespec t = { milliseconds / 1000, (milliseconds % 1000) * 1000000L };
  nanosleep(&t, 0);
}
int fdatasync(int fd) { REAL(int, "fdatasync", int); wait_a_bit(); return real(fd); }
int fsync(int fd) { REAL(int, "fsync", int); wait_a_bit(); return real(fd); }
`

export const SLOW_SYNC_MISSING = 'skipped: a slow disk needs Linux and a C compiler (cc)'

/** Makes every fdatasync and fsync of a process slower, by a delay that can be changed while the process runs. */
export class SlowSync implements Disposable {
  private constructor(private readonly preload: Preload) {}

  /** Undefined where there is no C compiler. */
  static async make(milliseconds: number): Promise<SlowSync | undefined> {
    if (preloadMissing) return undefined
    const slow = new SlowSync(await Preload.make(ORDERS, CALLS))
    slow.delayBy(milliseconds)
    return slow
  }

  /** The environment of a process that is to be slower. */
  get environment(): Readonly<Record<string, string>> {
    return this.preload.environment
  }

  delayBy(milliseconds: number): void {
    const orders = new DataView(new ArrayBuffer(4))
    orders.setInt32(0, milliseconds, true)
    this.preload.write(orders)
  }

  [Symbol.dispose](): void {
    this.preload[Symbol.dispose]()
  }
}
