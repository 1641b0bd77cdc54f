import { connect } from '@synapse/client'
import {
  type Console,
  type ConsoleOptions,
  createConsole,
  type TextStorage,
} from '../../../packages/console/src/state'

/** A `localStorage` without a page. */
export class MemoryStorage implements TextStorage {
  private readonly entries = new Map<string, string>()

  get length(): number {
    return this.entries.size
  }

  getItem(key: string): string | null {
    return this.entries.get(key) ?? null
  }

  setItem(key: string, value: string): void {
    this.entries.set(key, value)
  }

  removeItem(key: string): void {
    this.entries.delete(key)
  }

  key(index: number): string | null {
    return [...this.entries.keys()][index] ?? null
  }
}

interface Opened extends AsyncDisposable {
  readonly console: Console
  /** Whether the console was told that its session has ended. */
  readonly isSignedOut: () => boolean
  /** What was sent, as `GET /v1/channels`. */
  readonly requests: string[]
}

type Credential = { readonly secret: string } | { readonly token: string }

/** The state of a person who is signed in, as a page has it: connected, and with its channels, unless that is left out. */
export async function openConsole(
  { url }: { readonly url: string },
  credential: Credential,
  options: Partial<ConsoleOptions> = {},
  isStarted = true,
): Promise<Opened> {
  const requests: string[] = []
  const cookie = 'secret' in credential ? { cookie: `synapse_session=${credential.secret}` } : {}
  const synapse = connect({
    ...{ url, patience: 0 },
    ...('token' in credential ? { token: credential.token } : {}),
    fetch: (to, init) => {
      requests.push(`${init.method} ${new URL(to).pathname}`)
      return fetch(to, { ...init, headers: { ...(init.headers as Record<string, string>), ...cookie } })
    },
  })
  const me = await synapse.request('GET /v1/auth/me')
  let isSignedOut = false
  const console = createConsole({
    ...{ synapse, me, storage: new MemoryStorage() },
    onSignedOut: () => {
      isSignedOut = true
    },
    ...options,
  })
  if (isStarted) await console.start()
  return {
    ...{ console, requests, isSignedOut: () => isSignedOut },
    [Symbol.asyncDispose]: async () => console.stop(),
  }
}

/** The bodies of what a timeline shows; what is not sent yet in brackets. */
export function shown(console: Console, channel: string, thread: string | null = null): string[] {
  const timeline = console.timelines.at({ channel, thread })
  return timeline.rows.value.map(({ id, outgoing }) => {
    if (id !== null) return console.store.messages.peek(id)?.body ?? 'missing'
    return `[${console.outbox.all.value.find(({ key }) => key === outgoing)?.text}]`
  })
}
