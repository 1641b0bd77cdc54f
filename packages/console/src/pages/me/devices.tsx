import type { AnswerTo } from '@synapse/client'
import { Smartphone } from 'lucide'
import { useState } from 'preact/hooks'
import { useConsole } from '../../app/console'
import type { PairedDevice } from '../../app/pair-code'
import { synapse } from '../../app/session'
import { Button, Chip, Field } from '../../ui'
import { DeviceTable } from '../parts/device-table'
import { When } from '../parts/facts'
import { textOf } from '../parts/fields'
import { FormDialog } from '../parts/form-dialog'
import { PairDialog } from '../parts/pair-dialog'
import { Table } from '../parts/table'
import { Asking } from './asking'
import { Reading } from './reading'

type Session = AnswerTo<'GET /v1/auth/sessions'>['sessions'][number]

/** Where the person is signed in, the devices that were let in, and the way to let another in. */
export function Devices() {
  const read = async () => {
    const [{ sessions }, { devices }] = await Promise.all([
      synapse.request('GET /v1/auth/sessions'),
      synapse.request('GET /v1/me/devices'),
    ])
    return { sessions, devices }
  }
  return (
    <Reading read={read}>
      {({ sessions, devices }, reload) => (
        <>
          <LetIn onDone={reload} />
          <section>
            <h2>Signed in</h2>
            <SessionTable sessions={sessions} onEnded={reload} />
          </section>
          <section>
            <h2>Devices let in by a code</h2>
            <DeviceTable
              devices={devices}
              onRevoke={async ({ id }) => {
                await synapse.request('POST /v1/me/devices/{id}/revoke', { path: { id } })
                await reload()
              }}
            />
          </section>
        </>
      )}
    </Reading>
  )
}

function LetIn({ onDone }: { readonly onDone: () => Promise<void> }) {
  const me = useConsole().store.me.value
  const [isOpen, setOpen] = useState(false)
  const [device, setDevice] = useState<PairedDevice>()
  const close = async () => {
    setDevice(undefined)
    await onDone()
  }
  const make = async (fields: FormData) => {
    setDevice(await synapse.request('POST /v1/me/devices', { body: { device: textOf(fields, 'device') } }))
  }
  return (
    <>
      <p class="acts">
        <Button icon={Smartphone} look="primary" onPress={() => setOpen(true)}>
          Let a device in
        </Button>
      </p>
      {isOpen && (
        <FormDialog title="Let a device in" act="Make a code" onSubmit={make} onClose={() => setOpen(false)}>
          <p>Who scans the code is signed in as you.</p>
          <Field
            label="Name of the device"
            name="device"
            required
            maxLength={64}
            autoComplete="off"
            defaultValue={`browser-${me?.handle ?? 'device'}`.slice(0, 64)}
            hint="One that begins with viewer- only reads."
          />
        </FormDialog>
      )}
      {device && <PairDialog code={device} onClose={close} />}
    </>
  )
}

interface SessionTableProps {
  readonly sessions: readonly Session[]
  readonly onEnded: () => Promise<void>
}

function SessionTable({ sessions, onEnded }: SessionTableProps) {
  const end = async (id: string) => {
    await synapse.request('DELETE /v1/auth/sessions/{id}', { path: { id } })
    await onEnded()
  }
  return (
    <Table
      label="Sessions"
      rows={sessions}
      keyOf={(one) => one.id}
      empty="You are signed in nowhere."
      columns={[
        {
          title: 'Browser',
          cell: (one) => (
            <span class="names">
              <b>{browserOf(one.user_agent)}</b> {one.current && <Chip tone="agent">this browser</Chip>}
            </span>
          ),
        },
        { title: 'From', cell: (one) => one.ip && <code>{one.ip}</code> },
        { title: 'Last used', cell: (one) => <When at={one.last_used_at} /> },
        { title: 'Since', cell: (one) => <When at={one.created_at} /> },
      ]}
      acts={(one) =>
        !one.current && (
          <Asking act="Sign out" label={`Sign out ${browserOf(one.user_agent)}`} onYes={() => end(one.id)}>
            It is signed out, and its streams close. It needs your password or a new code to come back.
          </Asking>
        )
      }
    />
  )
}

const browsers = [
  ['Edg/', 'Edge'],
  ['Firefox/', 'Firefox'],
  ['Chrome/', 'Chrome'],
  ['Safari/', 'Safari'],
] as const

const systems = [
  ['Android', 'Android'],
  ['iPhone', 'iPhone'],
  ['iPad', 'iPad'],
  ['Windows', 'Windows'],
  ['Mac OS', 'macOS'],
  ['Linux', 'Linux'],
] as const

/** `Firefox, Linux`; another program by the first word that it says of itself. */
function browserOf(agent: string | null): string {
  if (agent === null || agent === '') return 'An unnamed program'
  const [, browser] = browsers.find(([mark]) => agent.includes(mark)) ?? []
  const [, system] = systems.find(([mark]) => agent.includes(mark)) ?? []
  if (browser === undefined) return agent.split(/[\s/]/)[0] ?? agent
  return system === undefined ? browser : `${browser}, ${system}`
}
