import type { Core } from '../core'
import { isAdmin } from '../core/actor'
import { CONTRACT_VERSION } from './contract'
import { type Endpoint, endpoint } from './endpoint'
import { checksOf, checksSchema } from './health-checks'
import { Type } from './schema'

/** What health checks see of the process. */
export interface Vitals {
  readonly version: string
  readonly bootId: string
  readonly startedAt: number
  readonly store: 'sqlite' | 'postgres'
  /** Each check of readiness, by name. */
  readonly checks: () => Readonly<Record<'db' | 'migrations' | 'disk', boolean>>
  readonly isStopping: () => boolean
  readonly openStreams: () => number
}

const healthSchema = Type.Object({
  version: Type.String({ description: 'Of the build' }),
  boot_id: Type.String(),
  uptime_s: Type.Integer(),
  stopping: Type.Boolean(),
  store: Type.Optional(Type.String({ description: 'This and the rest for administrators' })),
  epoch: Type.Optional(Type.String()),
  last_seq: Type.Optional(Type.Integer()),
  counts: Type.Optional(Type.Object({ streams: Type.Integer() })),
  checks: Type.Optional(checksSchema),
})

const alive = { status: 'ok', service: 'synapse', version: CONTRACT_VERSION }

/** Whether the process lives (`healthz`), whether it can serve (`readyz`), and how it fares (`/v1/health`). */
export function healthEndpoints(core: Core, vitals: Vitals): Endpoint[] {
  const live = ['/healthz', '/v1/healthz', '/health'].map((path) =>
    endpoint({
      method: 'GET',
      path,
      who: 'nobody',
      tag: 'Health',
      summary: 'Whether the server is alive',
      answers: { 200: { description: 'It is', schema: Type.Object({ status: Type.Literal('ok') }) } },
      handle: () => ({ status: 200, json: alive }),
    }),
  )
  const ready = ['/readyz', '/v1/readyz'].map((path) =>
    endpoint({
      method: 'GET',
      path,
      who: 'nobody',
      tag: 'Health',
      summary: 'Whether the server can serve',
      answers: { 200: { description: 'It can' }, 503: { description: 'It cannot, and which check says so' } },
      handle: () => {
        const checks = vitals.checks()
        const isReady = Object.values(checks).every(Boolean) && !vitals.isStopping()
        const words = Object.fromEntries(
          Object.entries(checks).map(([name, ok]) => [name, ok ? 'ok' : 'fail']),
        )
        return {
          status: isReady ? 200 : 503,
          json: { status: isReady ? 'ready' : 'not_ready', checks: words },
        }
      },
    }),
  )
  const full = endpoint({
    method: 'GET',
    path: '/v1/health',
    who: 'anybody',
    tag: 'Health',
    summary: 'How the server fares; more of it for administrators',
    answers: { 200: { description: 'The state of the server', schema: healthSchema } },
    handle: ({ actor }) => {
      const brief = {
        version: vitals.version,
        boot_id: vitals.bootId,
        uptime_s: Math.floor((Date.now() - vitals.startedAt) / 1000),
        stopping: vitals.isStopping(),
      }
      if (!isAdmin(actor, core.settings)) return { status: 200, json: brief }
      const { epoch, head } = core.log
      const counts = { streams: vitals.openStreams() }
      const checks = checksOf(core)
      return { status: 200, json: { ...brief, store: vitals.store, epoch, last_seq: head, counts, checks } }
    },
  })
  return [...live, ...ready, full]
}
