import type { AnswerTo } from '@synapse/client'
import { KeyRound, Smartphone } from 'lucide'
import { useState } from 'preact/hooks'
import { useConsole } from '../../app/console'
import { PairCode, type PairedDevice } from '../../app/pair-code'
import { synapse } from '../../app/session'
import { Button, Chip, Countdown, Dialog, Field, Icon, Time } from '../../ui'
import { Asking } from './asking'
import { Form, textOf } from './form'
import { Reading } from './reading'
import { Row, Rows, Used } from './rows'

type Session = AnswerTo<'GET /v1/auth/sessions'>['sessions'][number]
type Device = AnswerTo<'GET /v1/me/devices'>['devices'][number]

/** Where the person is signed in, the devices that were let in, and the way to let another in. */
export function Devices() {
  const read = async () => {
    const [{ sessions }, { devices }] = await Promise.all([
      synapse.request('GET /v1/auth/sessions'),
      synapse.request('GET /v1/me/devices'),
    ])
    return { sessions, devices: devices.filter(isLive) }
  }
  return (
    <Reading read={read}>
      {({ sessions, devices }, reload) => (
        <>
          <LetIn onDone={reload} />
          <section>
            <h2>Signed in</h2>
            <Rows label="Sessions" empty="You are signed in nowhere.">
              {sessions.map((one) => (
                <SessionRow key={one.id} of={one} onEnded={reload} />
              ))}
            </Rows>
          </section>
          <section>
            <h2>Devices let in by a code</h2>
            <Rows label="Devices" empty="No device was let in by a code.">
              {devices.map((one) => (
                <DeviceRow key={one.id} of={one} onEnded={reload} />
              ))}
            </Rows>
          </section>
        </>
      )}
    </Reading>
  )
}

function isLive({ state }: Device): boolean {
  return state === 'active' || state === 'redeemed'
}

function LetIn({ onDone }: { readonly onDone: () => Promise<void> }) {
  const me = useConsole().store.me.value
  const [isOpen, setOpen] = useState(false)
  const [device, setDevice] = useState<PairedDevice>()
  const close = async () => {
    setOpen(false)
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
        <Dialog title="Let a device in" onClose={close}>
          {device ? (
            <>
              <p class="quiet">
                <Icon of={KeyRound} size={14} /> Who scans this is signed in as you.
              </p>
              <PairCode device={device} />
            </>
          ) : (
            <Form act="Make a code" onSend={make}>
              <Field
                label="Name of the device"
                name="device"
                required
                maxLength={64}
                autoComplete="off"
                defaultValue={`browser-${me?.handle ?? 'device'}`.slice(0, 64)}
                hint="One that begins with viewer- only reads."
              />
            </Form>
          )}
        </Dialog>
      )}
    </>
  )
}

function SessionRow({ of, onEnded }: { readonly of: Session; readonly onEnded: () => Promise<void> }) {
  const name = browserOf(of.user_agent)
  const end = async () => {
    await synapse.request('DELETE /v1/auth/sessions/{id}', { path: { id: of.id } })
    await onEnded()
  }
  return (
    <Row
      title={
        <>
          {name} {of.current && <Chip tone="agent">this browser</Chip>}
        </>
      }
      facts={[
        <>
          since <Time at={of.created_at} show="both" />
          {of.ip !== null && `, from ${of.ip}`}
        </>,
        <Used key="used" at={of.last_used_at} />,
      ]}
      acts={
        !of.current && (
          <Asking act="Sign out" label={`Sign out ${name}`} onYes={end}>
            It is signed out, and its streams close. It needs your password or a new code to come back.
          </Asking>
        )
      }
    />
  )
}

function DeviceRow({ of, onEnded }: { readonly of: Device; readonly onEnded: () => Promise<void> }) {
  const revoke = async () => {
    await synapse.request('POST /v1/me/devices/{id}/revoke', { path: { id: of.id } })
    await onEnded()
  }
  const isOpen = of.state === 'active'
  return (
    <Row
      title={of.device}
      facts={[
        isOpen ? (
          <>
            a code that is open for <Countdown until={of.expires_at} />
          </>
        ) : (
          <Used at={of.last_used_at} />
        ),
        of.scopes.join(', '),
      ]}
      acts={
        <Asking act="Revoke" label={`Revoke ${of.device}`} onYes={revoke}>
          {isOpen ? 'Its code no longer works.' : 'It is signed out, and its streams close within a second.'}
        </Asking>
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
