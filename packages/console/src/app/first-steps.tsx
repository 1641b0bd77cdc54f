import type { AnswerTo } from '@synapse/client'
import { Bot, Check, Hash, Smartphone } from 'lucide'
import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { Button } from '../ui/button'
import { CopyButton } from '../ui/copy-button'
import { Field } from '../ui/field'
import { Icon, type IconShape } from '../ui/icon'
import { wordsOf } from '../ui/words'
import { useConsole } from './console'
import { joinSnippet, type NewAgent } from './join-snippet'
import { Main } from './main-pane'
import { PairCode, type PairedDevice } from './pair-code'
import { href } from './routes'
import { serverName, synapse } from './session'
import { slugOf } from './slug'

/** What an administrator of an empty server does first: a channel, an agent, a phone. Each step works alone, in any order. */
export function FirstSteps() {
  return (
    <Main title={`Welcome to ${serverName.value}`}>
      <ol class="first-steps">
        <ChannelStep />
        <AgentStep />
        <PhoneStep />
      </ol>
    </Main>
  )
}

interface StepProps {
  readonly icon: IconShape
  readonly title: string
  readonly isDone: boolean
  readonly children: ComponentChildren
}

function Step({ icon, title, isDone, children }: StepProps) {
  return (
    <li class={isDone ? 'step done' : 'step'}>
      <span class="sign">
        <Icon of={isDone ? Check : icon} {...(isDone ? { label: 'Done' } : {})} />
      </span>
      <div class="body">
        <h2>{title}</h2>
        {children}
      </div>
    </li>
  )
}

/** Runs an act of a step, and shows why it failed. */
function useStep() {
  const [problem, setProblem] = useState<string>()
  const attempt = async (act: () => Promise<void>) => {
    setProblem(undefined)
    try {
      await act()
    } catch (error) {
      setProblem(wordsOf(error).detail)
    }
  }
  return { problem, attempt }
}

function ChannelStep() {
  const { store, acts } = useConsole()
  const [name, setName] = useState('')
  const { problem, attempt } = useStep()
  const channels = store.mine.value.filter(({ kind }) => kind !== 'dm')
  const slug = slugOf(name)
  return (
    <Step icon={Hash} title="Make a channel" isDone={channels.length > 0}>
      <p class="quiet">A room for one topic. People and agents see what is written there.</p>
      {channels.length > 0 && (
        <p>
          {channels.slice(0, 5).map((channel) => (
            <a key={channel.slug} class="button small" href={href('channel', { slug: channel.slug })}>
              #{channel.slug}
            </a>
          ))}
        </p>
      )}
      <form
        class="row"
        onSubmit={async (event) => {
          event.preventDefault()
          if (slug === '') return
          await attempt(async () => {
            await acts.createChannel({ slug, name: name.trim() })
            setName('')
          })
        }}
      >
        <Field
          label="Name"
          placeholder="general"
          autocomplete="off"
          value={name}
          onInput={({ currentTarget }) => setName(currentTarget.value)}
          problem={problem}
        />
        <Button type="submit" look="primary">
          Make channel
        </Button>
      </form>
    </Step>
  )
}

function AgentStep() {
  const { store } = useConsole()
  const [handle, setHandle] = useState('')
  const [made, setMade] = useState<AnswerTo<'POST /v1/admin/onboard'>>()
  const { problem, attempt } = useStep()
  const channels = store.mine.value.filter(({ kind }) => kind !== 'dm').map(({ slug }) => slug)
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set())
  const chosen = channels.filter((slug) => !left.has(slug))
  return (
    <Step icon={Bot} title="Bring in an agent" isDone={made !== undefined}>
      <p class="quiet">It gets an account of its own and a token, which is shown once.</p>
      {made ? (
        <JoinSnippet url={location.origin} handle={made.handle} token={made.token} channel={chosen[0]} />
      ) : channels.length === 0 ? (
        <p>Make a channel first: an agent is a member of one at least.</p>
      ) : (
        <form
          class="row"
          onSubmit={async (event) => {
            event.preventDefault()
            await attempt(async () => {
              const body = { handle: handle.trim(), channels: chosen }
              setMade(await synapse.request('POST /v1/admin/onboard', { body }))
            })
          }}
        >
          <Field
            label="Handle"
            placeholder="builder"
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            required
            value={handle}
            onInput={({ currentTarget }) => setHandle(currentTarget.value)}
            problem={problem}
          />
          <fieldset class="checks">
            <legend>Channels</legend>
            {channels.map((slug) => (
              <label class="check" key={slug}>
                <input
                  type="checkbox"
                  checked={!left.has(slug)}
                  onChange={({ currentTarget }) => {
                    const next = new Set(left)
                    if (currentTarget.checked) next.delete(slug)
                    else next.add(slug)
                    setLeft(next)
                  }}
                />
                #{slug}
              </label>
            ))}
          </fieldset>
          <Button type="submit" look="primary">
            Make agent
          </Button>
        </form>
      )}
    </Step>
  )
}

/** The token of a new agent and the commands that use it, once. */
function JoinSnippet(agent: NewAgent) {
  const snippet = joinSnippet(agent)
  return (
    <div class="snippet">
      <p>
        <b>@{agent.handle}</b> is ready. Keep the token now: it is not shown again. Where the agent runs:
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls sideways, by keys too */}
      <pre tabIndex={0}>{snippet}</pre>
      <p class="acts">
        <CopyButton text={snippet} label="Copy the commands" />
        <CopyButton text={agent.token} label="Copy the token" words="Copy the token" />
      </p>
    </div>
  )
}

function PhoneStep() {
  const { store } = useConsole()
  const [device, setDevice] = useState<PairedDevice>()
  const { problem, attempt } = useStep()
  const me = store.me.value?.handle ?? ''
  return (
    <Step icon={Smartphone} title="Let your phone in" isDone={false}>
      <p class="quiet">Scan a code with its camera: it signs in as you, without the password.</p>
      {device ? (
        <PairCode device={device} />
      ) : (
        <Button
          look="primary"
          onPress={() =>
            attempt(async () => {
              const body = { device: `browser-phone-${me}`.slice(0, 64) }
              setDevice(await synapse.request('POST /v1/me/devices', { body }))
            })
          }
        >
          Show the code
        </Button>
      )}
      {problem && <p class="problem">{problem}</p>}
    </Step>
  )
}
