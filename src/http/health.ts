import type { Core } from '../core'
import { isAdmin } from '../core/identity/actor'
import type { Host } from '../core/kernel'
import { formatInstant } from '../core/kernel/time'
import { CONTRACT_VERSION } from './contract'
import { type Endpoint, endpoint } from './endpoint'
import { checksOf, checksSchema } from './health-checks'
import { metricsEndpoint } from './metrics'
import { oneOf, Type } from './schema'
import type { Surface } from './surface'

const nullableText = Type.Union([Type.String(), Type.Null()])

const healthSchema = Type.Object({
  version: Type.String({ description: 'Version of the build' }),
  boot_id: Type.String(),
  uptime_s: Type.Integer(),
  stopping: Type.Boolean(),
  store: Type.Optional(Type.String({ description: 'This and the following keys: for administrators only' })),
  draining: Type.Optional(Type.Boolean({ description: 'Whether the server is draining and refuses writes' })),
  epoch: Type.Optional(Type.String()),
  last_seq: Type.Optional(Type.Integer()),
  log_ahead_until: Type.Optional(
    Type.Union([Type.String({ format: 'date-time' }), Type.Null()], {
      description:
        'The newest time in the log if it is ahead of the server’s clock, because that was ahead once; else null',
    }),
  ),
  counts: Type.Optional(Type.Object({ streams: Type.Integer() })),
  checks: Type.Optional(checksSchema),
  federation: Type.Optional(
    Type.Object(
      {
        did: Type.String({ description: 'DID of this instance' }),
        pairs_by_state: Type.Object({}, { additionalProperties: Type.Integer() }),
        max_lag_s: Type.Integer(),
        quarantine: Type.Integer(),
      },
      { description: 'Paired servers; none in this version' },
    ),
  ),
  database: Type.Optional(
    Type.Object(
      {
        clock_ahead_ms: Type.Integer({
          description: "How far the machine's clock is ahead of the database's clock, which stored times use",
        }),
      },
      { description: 'If several servers may share the store' },
    ),
  ),
  bus: Type.Optional(
    Type.Object(
      {
        kind: oneOf(['redis', 'postgres']),
        ok: Type.Boolean({ description: 'If false, servers poll for events of each other every second' }),
        problem: nullableText,
      },
      { description: 'If several servers may share the store' },
    ),
  ),
  backup: Type.Optional(
    Type.Object({
      last_ok_at: nullableText,
      last_error: nullableText,
      last_verified_at: Type.Union([Type.String(), Type.Null()], {
        description: 'When the newest backup that passed a complete check was made',
      }),
      heartbeat: Type.Union([Type.Object({ at: Type.String(), problem: nullableText }), Type.Null()], {
        description: 'The last request to `backup.heartbeat_url`; `problem` says why it failed',
      }),
      dated_ahead: Type.Array(Type.String(), {
        description: 'Backups dated in the future, because the clock was ahead; they are ignored',
      }),
    }),
  ),
})

const aliveSchema = Type.Object({
  status: Type.Literal('ok'),
  service: Type.Literal('synapse'),
  version: Type.String({ description: 'Version of the contract, not of the build' }),
})

const check = oneOf(['ok', 'fail'])
const readySchema = Type.Object({
  status: oneOf(['ready', 'not_ready', 'draining']),
  checks: Type.Object({ db: check, migrations: check, disk: check }),
})

export const drainSchema = Type.Object({
  draining: Type.Boolean(),
  in_flight: Type.Integer({ description: 'Writing requests in flight, in the process that answers' }),
  outbox_pending: Type.Integer({
    description: 'Calls of webhooks that are still to be made, of all processes',
  }),
  pairs_behind: Type.Integer({ description: 'Paired servers that lag behind; none in this version' }),
})

const alive = { status: 'ok', service: 'synapse', version: CONTRACT_VERSION }

/** Health endpoints: liveness (`healthz`), readiness (`readyz`) and details (`/v1/health`). */
export const health: Surface = { name: 'health', endpoints: ({ core, host }) => healthEndpoints(core, host) }

function healthEndpoints(core: Core, host: Host): Endpoint[] {
  const live = ['/healthz', '/v1/healthz', '/health'].map((path) =>
    endpoint({
      method: 'GET',
      path,
      who: 'anyone',
      tag: 'Health',
      summary: 'Check whether the process is alive',
      answers: { 200: { description: 'It is alive', schema: aliveSchema } },
      handle: () => ({ status: 200, json: alive }),
    }),
  )
  const ready = ['/readyz', '/v1/readyz'].map((path) =>
    endpoint({
      method: 'GET',
      path,
      who: 'anyone',
      tag: 'Health',
      summary: 'Check whether the server is ready',
      answers: {
        200: { description: 'It is ready', schema: readySchema },
        503: {
          description: 'It is not ready: the failed check, or that it is draining or stopping',
          schema: readySchema,
        },
      },
      handle: () => {
        const { vitals } = host
        const checks = vitals.checks()
        const isWell = Object.values(checks).every(Boolean)
        const isDraining = vitals.isStopping() || core.settings.get('drain')
        const status = isDraining ? 'draining' : isWell ? 'ready' : 'not_ready'
        const words = Object.fromEntries(
          Object.entries(checks).map(([name, ok]) => [name, ok ? 'ok' : 'fail']),
        )
        return {
          status: status === 'ready' ? 200 : 503,
          json: { status, checks: words },
        }
      },
    }),
  )
  const full = endpoint({
    method: 'GET',
    path: '/v1/health',
    who: 'authenticated',
    tag: 'Health',
    summary: 'Show the state of the server; with more details for administrators',
    answers: { 200: { description: 'The state of the server', schema: healthSchema } },
    handle: async ({ actor }) => {
      const { vitals } = host
      const brief = {
        version: vitals.version,
        boot_id: vitals.bootId,
        uptime_s: vitals.uptimeSeconds(),
        stopping: vitals.isStopping(),
      }
      if (!isAdmin(actor, core.settings)) return { status: 200, json: brief }
      const { epoch, head } = core.log
      const counts = { streams: vitals.openStreams() }
      const checks = checksOf(core)
      const draining = core.settings.get('drain')
      const ahead = await core.log.aheadUntil(core.clock)
      const position = {
        epoch,
        last_seq: head,
        log_ahead_until: ahead === undefined ? null : formatInstant(ahead),
      }
      const federation = { did: vitals.did, pairs_by_state: {}, max_lag_s: 0, quarantine: 0 }
      const database = vitals.database && { database: vitals.database() }
      const bus = vitals.bus && { bus: vitals.bus() }
      const kept = { federation, ...database, ...bus, backup: vitals.backup() }
      return {
        status: 200,
        json: { ...brief, store: vitals.store, draining, ...position, counts, checks, ...kept },
      }
    },
  })
  const drain = endpoint({
    method: 'GET',
    path: '/v1/admin/drain',
    who: 'admin',
    tag: 'Administration',
    summary: 'Show whether the server is draining, and what is still in progress',
    answers: { 200: { description: 'Drained when all three numbers are 0', schema: drainSchema } },
    handle: async () => ({
      status: 200,
      json: {
        draining: core.settings.get('drain'),
        in_flight: host.vitals.writesInFlight(),
        outbox_pending: (await core.reads.outboxState()).pending,
        pairs_behind: 0,
      },
    }),
  })
  return [...live, ...ready, full, drain, metricsEndpoint(core, () => host.vitals.metrics())]
}
