/** A wall clock that a test sets for one process while it runs. The steady clock and other processes are unaffected. */
import { Preload } from '../support/preload'

/** The number of seconds that it is ahead. */
const ORDERS = 'long long ahead;'

const CALLS = `
int clock_gettime(clockid_t clock, struct timespec *at) {
  REAL(int, "clock_gettime", clockid_t, struct timespec *);
  int result = real(clock, at);
  if (result == 0 && orders && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) at->tv_sec += orders->ahead;
  return result;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone) {
  REAL(int, "gettimeofday", struct timeval *, void *);
  int result = real(at, zone);
  if (result == 0 && orders) at->tv_sec += orders->ahead;
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
  private constructor(private readonly library: Preload) {}

  static async make(): Promise<SettableClock> {
    return new SettableClock(await Preload.make(ORDERS, CALLS))
  }

  /** The environment of a program that uses this clock. */
  get environment(): Readonly<Record<string, string>> {
    return this.library.environment
  }

  /** Sets the offset from the right time, in milliseconds. */
  set(ahead: number): void {
    const orders = new DataView(new ArrayBuffer(8))
    orders.setBigInt64(0, BigInt(Math.round(ahead / 1000)), true)
    this.library.write(orders)
  }

  [Symbol.dispose](): void {
    this.library[Symbol.dispose]()
  }
}
