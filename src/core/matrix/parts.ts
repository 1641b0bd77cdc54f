import type { Core } from '..'
import type { Policy } from '../access/policy'
import type { Blobs } from '../kernel/blobs'
import type { Secrets } from '../kernel/ids'
import type { Outbound } from '../kernel/outbound'
import type { Passwords, Store } from '../kernel/ports'
import type { Html } from './html'
import type { Images } from './images'
import type { MatrixMeters } from './meters'
import type { Pages } from './pages'
import type { Sha256, VerifySignature } from './signing'
import type { KeyMaker } from './signing-keys'

/** Resolves when the rooms have the events of what was committed before. A read calls it first. */
export type CaughtUp = () => Promise<void>

/** Encrypts texts under the instance key, for the store. */
export interface Sealing {
  seal(text: string): string
  /** @throws Error for a text that was sealed under another instance key */
  open(sealed: string): string
}

/** What the homeserver needs. */
export interface MatrixParts {
  readonly core: Core
  readonly policy: Policy
  readonly store: Store
  readonly blobs: Blobs
  readonly secrets: Secrets
  readonly passwords: Passwords
  /** The part of every id after its colon, such as `example.org`. Never changes. */
  readonly serverName: string
  readonly sha256: Sha256
  readonly verify: VerifySignature
  readonly html: Html
  readonly images: Images
  readonly pages: Pages
  readonly outbound: Outbound
  /** How the server calls itself when it reads a page of the web. */
  readonly agent: string
  /** Calls a function once after some time. Returns what cancels it. */
  readonly timer: (run: () => void, milliseconds: number) => () => void
  /** Reports a fault that fails no request. */
  readonly report: (fault: unknown) => void
  /** The registration token of the configuration. */
  readonly registrationToken?: string | undefined
  /** The secret of the configuration with which programs make accounts. */
  readonly registrationSecret?: string | undefined
  readonly meters: MatrixMeters
  readonly keyMaker: KeyMaker
  readonly sealing: Sealing
  /** HMAC-SHA-1 in lower-case hex. */
  readonly hmacSha1: (key: string, text: string) => string
  /** Tells the operator. */
  readonly announce: (message: string, facts: Readonly<Record<string, unknown>>) => void
}
