import type { Core } from '../..'
import { matrixRefusal } from '../errors'
import { noFilter, parseSyncFilter, type SyncFilter } from './filters'

/** Filters that are kept, and the characters of the longest one. A longer one is parsed each time. */
const CAPACITY = 1000
const MAX_KEPT = 16_384

/** The filters of requests. The same text is the same object, so that readers with equal filters are told the same. */
export class KnownFilters {
  private readonly parsed = new Map<string, SyncFilter>()
  /** The JSON of stored filters, which never changes, by account and id. */
  private readonly stored = new Map<string, string>()

  constructor(private readonly core: Pick<Core, 'reads'>) {}

  /** Returns a filter by its JSON, or by its id. @throws m_bad_json; m_invalid_param for an unknown id */
  async of(accountId: number, given: string | undefined): Promise<SyncFilter> {
    if (given === undefined || given === '') return noFilter
    return this.parse(given.startsWith('{') ? given : await this.storedJson(accountId, given))
  }

  private parse(json: string): SyncFilter {
    const known = this.parsed.get(json)
    if (known) return known
    const filter = parseSyncFilter(parsed(json))
    if (json.length > MAX_KEPT) return filter
    if (this.parsed.size >= CAPACITY) this.parsed.clear()
    this.parsed.set(json, filter)
    return filter
  }

  private async storedJson(accountId: number, given: string): Promise<string> {
    const key = `${accountId} ${given}`
    const known = this.stored.get(key)
    if (known !== undefined) return known
    const n = Number(given)
    const json = Number.isSafeInteger(n)
      ? await this.core.reads.matrix().storedFilter(accountId, n)
      : undefined
    if (json === undefined) throw matrixRefusal('M_INVALID_PARAM', 'There is no filter with this id')
    if (json.length > MAX_KEPT) return json
    if (this.stored.size >= CAPACITY) this.stored.clear()
    this.stored.set(key, json)
    return json
  }
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    throw matrixRefusal('M_BAD_JSON', 'The filter is not JSON')
  }
}
