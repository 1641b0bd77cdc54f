/**
 * The benchmarks: bun run bench [P1 W1 …] [--quick | --full] [--json FILE] [--list]
 * --full: the console is left alone for an hour.
 * They run the compiled server as it ships, and each one's raw baseline in the same run, because absolute figures drift
 * with the machine. Client and server share the processors.
 */
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { activity } from './activity'
import { agents } from './agents'
import { claimsRace } from './claims'
import { client } from './client'
import { commandStart, tailFollowing } from './commands'
import { listing, pushAndPull } from './configsync'
import { webConsole } from './console'
import { fanOut, saturation } from './fan-out'
import { files } from './files'
import { growth } from './growth'
import { guessing } from './guessing'
import { inbox, mentions, waiting } from './inbox'
import { raisedLimits } from './lib/synapse'
import type { Row, Workload } from './lib/workload'
import { firstAnswers } from './matrix/beginning'
import { eventHash } from './matrix/event-hash'
import { idleReading } from './matrix/idle-reading'
import { projectedPosts, switchedOn } from './matrix/projecting'
import { sending } from './matrix/sending'
import { oneOfManyRooms, waking } from './matrix/syncing'

import { mcp } from './mcp'
import { postgresPosts } from './postgres'
import { posts, slowPosts } from './posts'
import { coldStart, size } from './process'
import { purging } from './purging'
import { history, poll, resume } from './reading'
import { reconnecting } from './reconnecting'
import { roomEvents } from './room-events'
import { search } from './search'
import { slowConsumers } from './slow-consumers'
import { slowDisk } from './slow-disk'
import { acceptRate, idleSockets } from './sockets'
import { moving } from './transfer'
import { transports } from './transports'
import { unread } from './unread'
import { webhooks } from './webhooks'

const workloads: readonly Workload[] = [
  ...fanOut,
  saturation,
  transports,
  roomEvents,
  posts,
  slowPosts,
  slowDisk,
  postgresPosts,
  reconnecting,
  client,
  resume,
  history,
  poll,
  search,
  unread,
  claimsRace,
  activity,
  inbox,
  mentions,
  waiting,
  agents,
  webhooks,
  mcp,
  purging,
  idleSockets,
  acceptRate,
  coldStart,
  commandStart,
  tailFollowing,
  size,
  slowConsumers,
  moving,
  files,
  pushAndPull,
  listing,
  guessing,
  growth,
  webConsole,
  eventHash,
  sending,
  oneOfManyRooms,
  firstAnswers,
  idleReading,
  waking,
  projectedPosts,
  switchedOn,
]

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    full: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    json: { type: 'string' },
  },
})

if (values.list) {
  for (const { id, title } of workloads) console.log(id.padEnd(4), title)
  process.exit(0)
}
const unknown = positionals.filter((id) => !workloads.some((workload) => workload.id === id))
if (unknown.length > 0) {
  console.error(`no workload ${unknown.join(', ')}; there are ${workloads.map(({ id }) => id).join(' ')}`)
  process.exit(2)
}

const rows: Row[] = []
for (const workload of workloads) {
  if (positionals.length > 0 && !positionals.includes(workload.id)) continue
  process.stderr.write(`${workload.id}  ${workload.title} …\n`)
  rows.push(...(await workload.run({ quick: values.quick, full: values.full })))
}
print(rows)
if (values.json) {
  const machine = {
    cpus: cpus().length,
    model: cpus()[0]?.model,
    bun: Bun.version,
    at: new Date().toISOString(),
  }
  await Bun.write(values.json, `${JSON.stringify({ machine, raisedLimits, rows }, null, 2)}\n`)
}

function print(rows: readonly Row[]): void {
  console.log('| | shape | measured | raw in this run | ratio | goal | met |')
  console.log('|---|---|---|---|---|---|---|')
  for (const row of rows)
    console.log(
      `| ${row.workload} | ${row.shape} | ${row.measured} | ${row.baseline ?? '–'} | ${row.ratio?.toFixed(2) ?? '–'} | ${row.goal} | ${row.met ? 'yes' : '**no**'} |`,
    )
}
