import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startBaseline, startSynapse } from './lib/synapse'
import { ms, type Row, type Workload } from './lib/workload'

const BYTES = 10 * 1024 * 1024
const LEAST_RATIO = 0.7

interface Server {
  readonly port: number
  readonly upload: string
  readonly headers: Readonly<Record<string, string>>
}

interface Taken {
  readonly up: number[]
  readonly down: number[]
}

/** F1: files of 10 MiB up and down, one at a time, beside raw Bun that hashes and syncs them too, in this run. */
export const files: Workload = {
  id: 'F1',
  title: 'upload and download of a 10 MiB file',
  run: async ({ quick }) => {
    const rounds = quick ? 8 : 40
    const folder = mkdtempSync(join(tmpdir(), 'synapse-raw-'))
    try {
      await using raw = await startBaseline('raw-files.ts', folder)
      const env = { SYNAPSE_ATTACHMENTS_QUOTA: String(1024 * BYTES) }
      await using synapse = await startSynapse({ env })
      const token = await synapse.agent('agent', ['room'])
      const authorization = `Bearer ${token}`
      const ours: Server = { port: synapse.port, upload: '/v1/attachments', headers: { authorization } }
      const theirs: Server = { port: raw.port, upload: '/', headers: {} }
      const taken = { ours: { up: [], down: [] } as Taken, raw: { up: [], down: [] } as Taken }
      // In turns, because the machine's speed drifts. The first two rounds warm up.
      for (let round = 0; round < rounds + 2; round++)
        for (const [server, into] of [
          [theirs, taken.raw],
          [ours, taken.ours],
        ] as const) {
          const [up, down] = await upAndDown(server, round)
          if (round < 2) continue
          into.up.push(up)
          into.down.push(down)
        }
      return [
        rowOf('upload', taken.ours.up, taken.raw.up),
        rowOf('download', taken.ours.down, taken.raw.down),
      ]
    } finally {
      rmSync(folder, { recursive: true })
    }
  },
}

/** Uploads bytes that were not sent before and reads them back. Returns the milliseconds of both. */
async function upAndDown({ port, upload, headers }: Server, round: number): Promise<[number, number]> {
  const body = new Uint8Array(BYTES)
  crypto.getRandomValues(body.subarray(0, 64))
  body.fill(round, 64)
  const origin = `http://127.0.0.1:${port}`
  const begun = performance.now()
  const answer = await fetch(`${origin}${upload}`, { method: 'POST', body, headers })
  const { url } = (await answer.json()) as { readonly url: string }
  const uploaded = performance.now()
  if (answer.status !== 201) throw new Error(`an upload was answered by ${answer.status}`)
  const bytes = await (await fetch(`${origin}${url}`, { headers })).arrayBuffer()
  const downloaded = performance.now()
  if (bytes.byteLength !== BYTES) throw new Error(`a download had ${bytes.byteLength} bytes`)
  return [uploaded - begun, downloaded - uploaded]
}

function rowOf(shape: string, ours: readonly number[], raw: readonly number[]): Row {
  const [took, baseline] = [median(ours), median(raw)]
  const ratio = baseline / took
  return {
    workload: 'F1',
    shape,
    measured: `${ms(took)} ms, ${megabytes(took)}`,
    baseline: `${ms(baseline)} ms`,
    ratio,
    goal: `≥ ${LEAST_RATIO.toFixed(2)} of raw`,
    met: ratio >= LEAST_RATIO,
    data: { ours, raw },
  }
}

function megabytes(milliseconds: number): string {
  return `${(BYTES / 1e6 / (milliseconds / 1000)).toFixed(0)} MB/s`
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN
}
