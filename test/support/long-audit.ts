import { chainHash } from '../../src/core/governance/audit'
import { parseUuid } from '../../src/core/kernel/ids'
import { DAWN } from './fake-clock'
import type { World } from './world'

/** The number of entries per statement. */
const TOGETHER = 100

/** Continues the audit log with many valid entries. The server must be stopped. */
export async function lengthenAudit(w: World, count: number): Promise<void> {
  const [last] = await w.sql<{ id: number; hash: string }>(
    'SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1',
  )
  if (!last) throw new Error('the audit log is empty')
  let { id, hash } = last
  for (let done = 0; done < count; done += TOGETHER) {
    const rows: string[] = []
    for (let i = done; i < Math.min(count, done + TOGETHER); i++) {
      const uuid = parseUuid(crypto.randomUUID())
      if (!uuid) throw new Error('no UUID')
      const nobody = { actorId: null, tokenUuid: null, ip: null, targetType: null, targetId: null }
      const entry = { ...nobody, via: 'server', action: 'backup', metadata: {} } as const
      hash = chainHash((text) => Bun.SHA256.hash(text, 'hex'), hash, { ...entry, id: ++id, uuid, at: DAWN })
      rows.push(
        `(${id}, ${w.words.uuid(uuid)}, ${w.words.instant(DAWN)}, 'server', 'backup', '{}', '${hash}')`,
      )
    }
    await w.sql(`INSERT INTO audit (id, uuid, at, via, action, metadata, hash) VALUES ${rows.join()}`)
  }
}
