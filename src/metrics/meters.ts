import { Histogram } from './histogram'

/** In seconds. Held requests fall in the last ones. */
const LATENCY_BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10]
const STATUSES = 600

/** Counts the answers of one route. */
export class RouteMeter {
  readonly latency = new Histogram(LATENCY_BOUNDS)
  private readonly byStatus = new Float64Array(STATUSES)

  constructor(
    readonly route: string,
    /** Whether requests to the route may write. */
    readonly isWrite: boolean,
    private readonly owner: Meters,
  ) {}

  begin(): void {
    if (this.isWrite) this.owner.writesInFlight++
  }

  end(status: number, milliseconds: number): void {
    if (this.isWrite) this.owner.writesInFlight--
    this.byStatus[status] = (this.byStatus[status] ?? 0) + 1
    this.latency.observe(milliseconds / 1000)
  }

  /** The number of answers for each status that occurred. */
  *answers(): Iterable<readonly [status: number, count: number]> {
    for (const [status, count] of this.byStatus.entries()) if (count > 0) yield [status, count]
  }
}

/** The counters of requests. */
export class Meters {
  /** Writing requests that are not answered yet. */
  writesInFlight = 0
  readonly routes: RouteMeter[] = []
  private readonly byCode = new Map<string, number>()

  route(method: string, path: string, isWrite = method !== 'GET' && method !== 'unknown'): RouteMeter {
    const meter = new RouteMeter(path === '' ? method : `${method} ${path}`, isWrite, this)
    this.routes.push(meter)
    return meter
  }

  /** Counts a refused request by the `code` of its answer, from a closed list. */
  refused(code: string): void {
    this.byCode.set(code, (this.byCode.get(code) ?? 0) + 1)
  }

  get refusals(): ReadonlyMap<string, number> {
    return this.byCode
  }
}
