import { SynapseError } from '@synapse/client'
import { useEffect, useState } from 'preact/hooks'
import { background } from '../background'
import { Button } from '../ui/button'
import { CopyButton } from '../ui/copy-button'
import { Field } from '../ui/field'
import { Mark } from '../ui/mark'
import { wordsOf } from '../ui/words'
import { readSetup, type Setup, serverName, signIn } from './session'
import { pageTitle } from './title'

const LOOK_EACH_MS = 3000

/** The sign-in form. On a server without accounts it shows the first command instead. After sign-in the same address is shown. */
export function SignIn({ setup, ended }: { readonly setup: Setup; readonly ended: boolean }) {
  const [isReady, setReady] = useState(setup.ready)
  const title = isReady ? 'Sign in' : 'Set up'
  useEffect(() => {
    pageTitle.value = title
  }, [title])
  return (
    <main class="gate" id="main">
      <div class="card">
        <Mark />
        <h1>{serverName.value}</h1>
        {isReady ? <Form ended={ended} /> : <FirstRun onReady={() => setReady(true)} />}
      </div>
    </main>
  )
}

function Form({ ended }: { readonly ended: boolean }) {
  const [problem, setProblem] = useState('')
  const [isShown, setShown] = useState(false)
  const [isBusy, setBusy] = useState(false)
  const submit = async (form: HTMLFormElement) => {
    const fields = new FormData(form)
    setProblem('')
    setBusy(true)
    try {
      await signIn(String(fields.get('handle')).trim(), String(fields.get('password')))
    } catch (error) {
      setProblem(reasonOf(error))
      form.querySelector<HTMLInputElement>('[name=password]')?.select()
    } finally {
      setBusy(false)
    }
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (!isBusy) background(submit(event.currentTarget))
      }}
    >
      {ended && <p class="notice">You were signed out. Sign in to go on; drafts are kept.</p>}
      <Field
        label="Handle"
        name="handle"
        autocomplete="username"
        autocapitalize="none"
        autocorrect="off"
        spellcheck={false}
        required
      />
      <Field
        label="Password"
        name="password"
        type={isShown ? 'text' : 'password'}
        autocomplete="current-password"
        required
        after={
          <button
            type="button"
            class="button plain small"
            aria-pressed={isShown}
            onClick={() => setShown(!isShown)}
          >
            {isShown ? 'Hide' : 'Show'}
          </button>
        }
      />
      <p class="problem" role="alert">
        {problem}
      </p>
      <Button type="submit" look="primary" class="whole" aria-disabled={isBusy}>
        Sign in
      </Button>
      <p class="aside-link">
        Have a code? <a href="/pair">Connect this device</a>
      </p>
    </form>
  )
}

/** Until somebody can sign in: how to get there. It looks again by itself. */
function FirstRun({ onReady }: { readonly onReady: () => void }) {
  const command = 'synapse quickstart'
  useEffect(() => {
    const look = async () => {
      if (document.hidden) return
      if ((await readSetup()).ready) onReady()
    }
    const timer = setInterval(() => background(look().catch(() => undefined)), LOOK_EACH_MS)
    return () => clearInterval(timer)
  }, [])
  return (
    <>
      <p>Nobody can sign in yet. On the machine that runs Synapse:</p>
      <div class="command">
        <code>{command}</code>
        <CopyButton text={command} label="Copy the command" />
      </div>
      <p class="quiet" role="status">
        This page goes on by itself.
      </p>
      <p class="aside-link">
        Have a code? <a href="/pair">Connect this device</a>
      </p>
    </>
  )
}

function reasonOf(error: unknown): string {
  if (error instanceof SynapseError && error.code === 'invalid_credentials')
    return 'Handle or password is wrong.'
  if (error instanceof SynapseError && error.code === 'login_throttled')
    return `Too many attempts. Wait ${error.retryAfter ?? 60} seconds.`
  const { title, detail } = wordsOf(error)
  return `${title}. ${detail}`
}
