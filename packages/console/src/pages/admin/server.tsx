import type { AnswerTo } from '@synapse/client'
import { useState } from 'preact/hooks'
import { href } from '../../app/routes'
import { synapse } from '../../app/session'
import { Button, Chip } from '../../ui'
import { Confirm } from '../parts/confirm'
import { Facts, When } from '../parts/facts'
import { Show, useLoaded } from '../parts/loaded'
import { Table } from '../parts/table'
import { Terminal } from '../parts/terminal'
import { AdminMain } from './frame'

type Health = AnswerTo<'GET /v1/health'>

async function load() {
  const [health, ready, drain, about] = await Promise.all([
    synapse.request('GET /v1/health'),
    // Not ready is an answer, too.
    synapse.request('GET /v1/readyz').catch(() => undefined),
    synapse.request('GET /v1/admin/drain'),
    synapse.request('GET /v1/server'),
  ])
  return { health, ready, drain, about }
}

/** How the server is, and what is done to it as a whole. */
export function Server() {
  const loaded = useLoaded(load)
  return (
    <AdminMain
      title="Administration"
      section=""
      commands={[
        'synapse doctor',
        'synapse serve --status',
        'synapse backup create --label before-upgrade',
        'synapse backup list',
        'synapse backup prune',
        'synapse backup restore FILE',
        'synapse serve --restart',
      ]}
      header={<Button onPress={loaded.reload}>Look again</Button>}
    >
      <Show of={loaded} rows={8}>
        {({ health, ready, drain, about }) => (
          <>
            <section class="part" aria-label="Server">
              <header>
                <h2>Server</h2>
                {ready?.status === 'ready' ? (
                  <Chip tone="agent">ready</Chip>
                ) : (
                  <Chip tone="bad">{ready?.status.replace('_', ' ') ?? 'not ready'}</Chip>
                )}
              </header>
              <Facts
                of={[
                  ['Version', health.version],
                  [
                    'Runs since',
                    <When key="up" at={new Date(Date.now() - health.uptime_s * 1000).toISOString()} />,
                  ],
                  ['Store', health.store],
                  ['Open streams', health.counts?.streams],
                  ['Position of the log', health.last_seq],
                  ['Epoch', health.epoch && <code key="epoch">{health.epoch}</code>],
                  ['Database', ready?.checks.db],
                  ['Migrations', ready?.checks.migrations],
                  ['Disk', ready?.checks.disk],
                  [
                    'Bus',
                    health.bus &&
                      (health.bus.ok ? health.bus.kind : `${health.bus.kind}: ${health.bus.problem}`),
                  ],
                  ['Clock of the database', health.database && `${health.database.clock_ahead_ms} ms ahead`],
                  [
                    'Log ahead of the clock until',
                    health.log_ahead_until && <When key="ahead" at={health.log_ahead_until} />,
                  ],
                  ['Identity', health.federation && <code key="did">{health.federation.did}</code>],
                  ['Contract', about.version],
                ]}
              />
              <p class="links">
                <a href="/metrics" target="_blank" rel="noopener">
                  Metrics
                </a>
                <a href="/docs" target="_blank" rel="noopener">
                  Documentation of the API
                </a>
                <a href={href('adminItem', { section: 'settings', item: 'metrics.enabled' })}>
                  Turn metrics on or off
                </a>
              </p>
            </section>
            <Backups of={health.backup} />
            <Drain drain={drain} onChanged={loaded.reload} />
            <Checks of={health.checks ?? []} />
            <Neighbours />
            <section class="part" aria-label="Limits">
              <details>
                <summary>Limits and features of this server</summary>
                <Facts
                  of={Object.entries(about.limits as Record<string, unknown>).map(([name, value]) => [
                    name,
                    JSON.stringify(value),
                  ])}
                />
                <p class="quiet">{about.features.join(', ')}</p>
              </details>
            </section>
          </>
        )}
      </Show>
    </AdminMain>
  )
}

/** A copy is made on the machine of the server, because it has the whole store: here is how the last ones went. */
function Backups({ of }: { readonly of: Health['backup'] }) {
  if (of === undefined) return null
  const isGood = of.last_error === null && of.last_ok_at !== null
  return (
    <section class="part" aria-label="Backups">
      <header>
        <h2>Backups</h2>
        <Chip tone={isGood ? 'agent' : 'bad'}>
          {isGood ? 'ok' : of.last_error === null ? 'none yet' : 'failed'}
        </Chip>
      </header>
      <Facts
        of={[
          ['Last good one', <When key="ok" at={of.last_ok_at} />],
          ['Last one that was read back whole', <When key="verified" at={of.last_verified_at} />],
          ['Last error', of.last_error],
          ['Heartbeat', of.heartbeat && (of.heartbeat.problem ?? <When key="beat" at={of.heartbeat.at} />)],
          ['Dated in the future', of.dated_ahead.join(', ')],
        ]}
      />
      <p class="quiet">
        The server makes one a day. Only the operator of the machine makes or restores one by hand, because a
        copy has everything.{' '}
        <a href={href('adminItem', { section: 'settings', item: 'backup.daily_at' })}>When they are made</a>,{' '}
        <a href={href('adminItem', { section: 'settings', item: 'backup.keep' })}>how many are kept</a>.
      </p>
    </section>
  )
}

interface DrainProps {
  readonly drain: AnswerTo<'GET /v1/admin/drain'>
  readonly onChanged: () => Promise<void>
}

function Drain({ drain, onChanged }: DrainProps) {
  const [asks, setAsks] = useState(false)
  const set = async (value: boolean) => {
    await synapse.request('PUT /v1/config/{key}', { path: { key: 'drain' }, body: { value } })
    await onChanged()
  }
  return (
    <section class="part" aria-label="Drain">
      <header>
        <h2>Drain</h2>
        {drain.draining ? <Chip tone="wait">draining</Chip> : <Chip>off</Chip>}
        {drain.draining ? (
          <Button small onPress={() => set(false)}>
            Accept changes again
          </Button>
        ) : (
          <Button small look="danger" onPress={() => setAsks(true)}>
            Refuse changes…
          </Button>
        )}
      </header>
      <Facts
        of={[
          ['Requests in progress', drain.in_flight],
          ['Webhook calls still to make', drain.outbox_pending],
        ]}
      />
      <Terminal lines={['synapse drain start', 'synapse drain status', 'synapse drain stop']} />
      {asks && (
        <Confirm
          title="Refuse changes?"
          act="Refuse changes"
          onClose={() => setAsks(false)}
          onConfirm={() => set(true)}
        >
          <p>
            Posts and all other changes are refused for everybody, with the request to come back, until you
            end it here. Reading, streams, sign-in and settings go on. Use it before maintenance.
          </p>
        </Confirm>
      )}
    </section>
  )
}

function Checks({ of }: { readonly of: NonNullable<Health['checks']> }) {
  if (of.length === 0) return null
  return (
    <section class="part" aria-label="Checks">
      <header>
        <h2>Checks that can be switched off</h2>
      </header>
      <Table
        label="Checks"
        rows={of}
        keyOf={(one) => one.check}
        empty="There are none."
        columns={[
          { title: 'Check', cell: (one) => <code>{one.check}</code> },
          {
            title: 'State',
            cell: (one) => <Chip tone={one.state === 'on' ? 'agent' : 'bad'}>{one.state}</Chip>,
          },
          {
            title: 'Setting',
            cell: (one) => (
              <a href={href('adminItem', { section: 'settings', item: one.switch })}>
                <code>{one.switch}</code>
              </a>
            ),
          },
          { title: 'Because', cell: (one) => one.because },
        ]}
      />
    </section>
  )
}

/** Other servers of the local network. */
function Neighbours() {
  const [looks, setLooks] = useState(false)
  return (
    <section class="part" aria-label="Servers in the local network">
      <header>
        <h2>Servers in the local network</h2>
        <Button small onPress={() => setLooks(true)}>
          Look
        </Button>
      </header>
      {looks ? <Peers /> : <p class="quiet">Servers that announce themselves by multicast DNS.</p>}
      <Terminal lines={['synapse discover']} />
    </section>
  )
}

function Peers() {
  const loaded = useLoaded(() => synapse.request('GET /v1/discovery/mdns'))
  return (
    <Show of={loaded} rows={2}>
      {({ peers }) => (
        <Table
          label="Servers"
          rows={peers}
          keyOf={(one) => one.did}
          empty="No other server was announced in the last two and a half minutes."
          columns={[
            { title: 'Server', cell: (one) => <b>{one.name}</b> },
            { title: 'Address', cell: (one) => <code>{one.url}</code> },
            { title: 'Verified', cell: (one) => (one.verified ? 'yes' : 'no') },
            { title: 'Last seen', cell: (one) => <When at={one.last_seen} /> },
          ]}
        />
      )}
    </Show>
  )
}
