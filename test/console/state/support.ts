import { connect } from '@synapse/client'
import {
  type Console,
  type ConsoleOptions,
  createConsole,
  type TextStorage,
} from '../../../packages/console/src/state'
import type { World } from '../../support/world'

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
}

/** The state of a person who is signed in, as a page has it: connected, and with its channels. */
export async function openConsole(
  world: World,
  { secret }: { readonly secret: string },
  options: Partial<ConsoleOptions> & { readonly fetch?: typeof sendWith } = {},
): Promise<Opened> {
  const { fetch = sendWith, ...more } = options
  const synapse = connect({
    url: world.url,
    patience: 0,
    fetch: (to, init) => fetch(to, init, `synapse_session=${secret}`),
  })
  const me = await synapse.request('GET /v1/auth/me')
  let isSignedOut = false
  const console = createConsole({
    synapse,
    me,
    storage: new MemoryStorage(),
    onSignedOut: () => {
      isSignedOut = true
    },
    ...more,
  })
  await console.start()
  return {
    console,
    isSignedOut: () => isSignedOut,
    [Symbol.asyncDispose]: async () => console.stop(),
  }
}

/** Sends a request with the cookie of a session, as a page does. */
export function sendWith(to: string, init: RequestInit, cookie: string): Promise<Response> {
  return fetch(to, { ...init, headers: { ...(init.headers as Record<string, string>), cookie } })
}

/** The bodies of what a timeline shows; what is not sent yet in brackets. */
export function shown(console: Console, channel: string, thread: string | null = null): string[] {
  const timeline = console.timelines.at({ channel, thread })
  return timeline.rows.value.map(({ id, outgoing }) => {
    if (id !== null) return console.store.messages.peek(id)?.body ?? 'missing'
    return `[${console.outbox.all.value.find(({ key }) => key === outgoing)?.text}]`
  })
}
