import { signal } from '@preact/signals'
import { type AnswerTo, connect, SynapseError } from '@synapse/client'

export type Me = AnswerTo<'GET /v1/auth/me'>
export type Setup = AnswerTo<'GET /v1/setup'>

/** Whether somebody is signed in here. */
export type Session =
  | { readonly state: 'starting' }
  | { readonly state: 'failed'; readonly error: unknown }
  /** `ended`: somebody was signed in until now. */
  | { readonly state: 'signed-out'; readonly setup: Setup; readonly ended: boolean }
  | { readonly state: 'signed-in'; readonly me: Me }

/** The server of this page, with the cookie of its session. */
export const synapse = connect()

export const session = signal<Session>({ state: 'starting' })

/** Where the name of the server is kept for the next time. */
export const NAMED = 'synapse.server'

/** The name of the server, as it was last time until it is known. */
export const serverName = signal(localStorage.getItem(NAMED) ?? 'Synapse')

/** Finds out who is signed in. */
export async function findSession(): Promise<void> {
  try {
    session.value = { state: 'signed-in', me: await synapse.request('GET /v1/auth/me') }
  } catch (error) {
    if (error instanceof SynapseError && error.status === 401) await showSignIn(false)
    else session.value = { state: 'failed', error }
  }
}

/** Looks whether a person can sign in by now. */
export async function readSetup(): Promise<Setup> {
  const setup = await synapse.request('GET /v1/setup')
  serverName.value = setup.name
  return setup
}

/** @throws SynapseError `invalid_credentials`, `login_throttled` */
export async function signIn(handle: string, password: string): Promise<void> {
  await synapse.request('POST /v1/auth/login', { body: { handle, password } })
  session.value = { state: 'signed-in', me: await synapse.request('GET /v1/auth/me') }
}

let isLeaving = false

/** Ends the session of this browser on the server. What is stored here is removed. */
export async function signOut(): Promise<void> {
  isLeaving = true
  try {
    await synapse.request('POST /v1/auth/logout')
  } catch (error) {
    // It may have ended already.
    if (!(error instanceof SynapseError && error.status === 401)) {
      isLeaving = false
      throw error
    }
  }
  localStorage.clear()
  sessionStorage.clear()
  await showSignIn(false)
  isLeaving = false
}

/** Shows the sign-in because the server no longer knows the session. The address and what is stored stay. */
export async function sessionEnded(): Promise<void> {
  // Who signs out knows it.
  if (!isLeaving) await showSignIn(true)
}

async function showSignIn(ended: boolean): Promise<void> {
  try {
    session.value = { state: 'signed-out', setup: await readSetup(), ended }
  } catch (error) {
    session.value = { state: 'failed', error }
  }
}
