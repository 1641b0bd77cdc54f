import { useState } from 'preact/hooks'
import { href } from '../../app/routes'
import { synapse } from '../../app/session'
import { shellWord } from '../../app/shell-words'
import { background } from '../../background'
import { Button, Empty, toast, wordsOf } from '../../ui'
import { Confirm } from '../parts/confirm'
import { Facts, When } from '../parts/facts'
import { Show, useLoaded } from '../parts/loaded'
import { AdminMain } from './frame'
import type { Setting } from './load'
import { ChangeTable, useChanges } from './setting-history'
import { parsed, shownValue, written } from './setting-value'
import { Source } from './settings'

/** One setting: its value, a form that changes it, and what it was before. */
export function SettingPage({ item }: { readonly item: string }) {
  const loaded = useLoaded(async () => {
    const { settings } = await synapse.request('GET /v1/config')
    return settings.find((one) => one.key === item)
  }, [item])
  const changes = useChanges(item)
  const [unsets, setUnsets] = useState(false)
  const changed = async (setting: Setting) => {
    loaded.replace(() => setting)
    await changes.reload()
  }
  return (
    <AdminMain
      title={item}
      section="settings"
      up={href('adminSection', { section: 'settings' })}
      commands={[
        `synapse config get ${item}`,
        `synapse config set ${item} ${loaded.value ? shellWord(written(loaded.value.value)) : 'VALUE'}`,
        `synapse config unset ${item}`,
        `synapse config history ${item}`,
      ]}
    >
      <Show of={loaded} rows={3}>
        {(setting) =>
          setting === undefined ? (
            <Empty>No setting that can be changed while the server runs has this name.</Empty>
          ) : (
            <>
              <Facts
                of={[
                  ['Value', <code key="value">{shownValue(setting.value)}</code>],
                  ['From', <Source key="source" of={setting} />],
                  ['Default', <code key="default">{shownValue(setting.default)}</code>],
                  ['Changed', setting.updated_at && <When key="at" at={setting.updated_at} />],
                  [
                    'By',
                    setting.updated_at && (setting.updated_by ? `@${setting.updated_by}` : 'the operator'),
                  ],
                ]}
              />
              <SetForm key={JSON.stringify(setting.value)} setting={setting} onChanged={changed} />
              {setting.source === 'set' && (
                <p>
                  <Button onPress={() => setUnsets(true)}>Unset…</Button>
                </p>
              )}
              {unsets && (
                <Confirm
                  title={`Unset ${item}?`}
                  act="Unset"
                  danger={false}
                  onClose={() => setUnsets(false)}
                  onConfirm={async () =>
                    changed(await synapse.request('DELETE /v1/config/{key}', { path: { key: item } }))
                  }
                >
                  <p>
                    From the next request on the value of the environment applies, or else the default,{' '}
                    <code>{shownValue(setting.default)}</code>.
                  </p>
                </Confirm>
              )}
            </>
          )
        }
      </Show>
      <section class="part" aria-label="History">
        <header>
          <h2>History</h2>
        </header>
        <ChangeTable of={changes} />
      </section>
    </AdminMain>
  )
}

interface SetFormProps {
  readonly setting: Setting
  readonly onChanged: (setting: Setting) => Promise<void>
}

/** A field for the value. A refusal stands beside it in the server's words. */
function SetForm({ setting, onChanged }: SetFormProps) {
  const { key, value } = setting
  const [text, setText] = useState(written(value))
  const [error, setError] = useState<unknown>()
  const [isBusy, setBusy] = useState(false)
  const save = async (next: unknown) => {
    setBusy(true)
    setError(undefined)
    try {
      const body = { value: next }
      await onChanged(await synapse.request('PUT /v1/config/{key}', { path: { key }, body }))
      toast(`${key} is ${shownValue(next)}. It applies from the next request on.`)
    } catch (failure) {
      setError(failure)
    } finally {
      setBusy(false)
    }
  }
  const problem = error === undefined ? undefined : wordsOf(error).detail
  if (typeof value === 'boolean')
    return (
      <div class="set-form">
        <Button look="primary" onPress={() => save(!value)}>
          {value ? 'Switch off' : 'Switch on'}
        </Button>
        {problem && (
          <p class="problem" role="alert">
            {problem}
          </p>
        )}
      </div>
    )
  return (
    <form
      class="set-form"
      onSubmit={(event) => {
        event.preventDefault()
        if (!isBusy) background(save(parsed(text, value)))
      }}
    >
      <div class="field">
        <label for="setting-value">New value</label>
        <textarea
          id="setting-value"
          class="text mono"
          rows={text.length > 80 || text.includes('\n') ? 5 : 1}
          value={text}
          spellcheck={false}
          aria-invalid={problem ? true : undefined}
          aria-describedby={problem ? 'setting-problem' : 'setting-hint'}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <p class="hint" id="setting-hint">
          {Array.isArray(value)
            ? 'A list separated by commas, or JSON.'
            : typeof value === 'number'
              ? 'A number.'
              : typeof value === 'object' && value !== null
                ? 'JSON.'
                : 'Text.'}
        </p>
        {problem && (
          <p class="problem" id="setting-problem" role="alert">
            {problem}
          </p>
        )}
      </div>
      <Button type="submit" look="primary" aria-disabled={isBusy}>
        Set
      </Button>
    </form>
  )
}
