import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bodyOfBytes, seedMessages } from './lib/seed'
import { binary, startSynapse } from './lib/synapse'
import { ms, type Workload } from './lib/workload'

async function starts(home: string | undefined, times: number): Promise<number[]> {
  const measured: number[] = []
  for (let i = 0; i < times; i++) {
    const own = home ?? mkdtempSync('/tmp/synapse-cold-')
    {
      await using server = await startSynapse({ home: own, keepHome: true })
      measured.push(server.startedAfter)
    }
    if (home === undefined) rmSync(own, { recursive: true, force: true })
  }
  return measured.sort((a, b) => a - b)
}

/** C1: from starting the process to the first 200 of /readyz. */
export const coldStart: Workload = {
  id: 'C1',
  title: 'cold start to /readyz, with an empty and a large store',
  run: async ({ quick }) => {
    const empty = await starts(undefined, quick ? 3 : 10)
    const home = mkdtempSync(join(tmpdir(), 'synapse-cold-'))
    {
      await using first = await startSynapse({ home, keepHome: true })
      await first.agent('reader', ['room'])
    }
    // About 0.5 KB a message.
    seedMessages(home, quick ? 100_000 : 1_000_000, bodyOfBytes(700))
    const megabytes = Math.round(Bun.file(join(home, 'synapse.db')).size / 1e6)
    const large = await starts(home, quick ? 3 : 5)
    rmSync(home, { recursive: true, force: true })
    return [
      { name: 'empty store', times: empty, limit: 120 },
      { name: `${megabytes} MB store`, times: large, limit: 400 },
    ].map(({ name, times, limit }) => {
      const middle = times[Math.floor(times.length / 2)] ?? Number.NaN
      return {
        workload: 'C1',
        shape: name,
        measured: `median ${ms(middle)}, max ${ms(times.at(-1))} ms`,
        goal: `≤ ${limit} ms`,
        met: middle <= limit,
        data: { times },
      }
    })
  },
}

/** Z1: what has to be copied to a machine. */
export const size: Workload = {
  id: 'Z1',
  title: 'size of the executable',
  run: async () => {
    const bytes = await Bun.file(binary).arrayBuffer()
    const packed = Bun.zstdCompressSync(bytes, { level: 19 }).byteLength
    const whole = bytes.byteLength / 1e6
    return [
      {
        workload: 'Z1',
        shape: 'dist/synapse',
        measured: `${whole.toFixed(1)} MB, ${(packed / 1e6).toFixed(1)} MB with zstd -19`,
        goal: '≤ 120 MB, ≤ 45 MB',
        met: whole <= 120 && packed / 1e6 <= 45,
        data: { bytes: bytes.byteLength, packed },
      },
    ]
  },
}
