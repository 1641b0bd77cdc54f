import type { Reasons } from '../inbox/reasons'
import type { Uuid } from '../kernel/ids'
import type { Outbound } from '../kernel/outbound'
import type { Micros } from '../kernel/time'
import type { LogEvent } from '../log/events'

/** Makes, keeps and uses the secrets of webhooks. platform/ implements it. */
export interface WebhookSecrets {
  /** A new secret. */
  generate(): string
  /** Encrypts a secret under the key of the instance. */
  seal(secret: string): string
  /** @throws Error if it was sealed under another key */
  open(sealed: string): string
  /** Returns the headers that prove a body. The first secret is the current one; none = no proof. */
  sign(
    secrets: readonly string[],
    content: { readonly id: Uuid; readonly timestamp: number; readonly body: string },
  ): Readonly<Record<string, string>>
}

/** An item of a batch. */
export interface PendingItem {
  readonly id: Uuid
  readonly reasons: Reasons
  readonly channel: string
  readonly senderHandle: string
  readonly senderKind: string
}

/** Renders what webhooks are sent. The v1 surface implements it. */
export interface WebhookWire {
  /** A notification of one event; an event that is none has no reasons. */
  event(event: LogEvent, recipient: string, reasons: Reasons | null): string
  /** A hint that there are items. */
  pending(batch: {
    readonly recipient: string
    readonly count: number
    /** Cursor after the last of them. */
    readonly cursor: string
    readonly items: readonly PendingItem[]
  }): string
  test(recipient: string, at: Micros): string
}

/** What webhooks need from outside the core. */
export interface WebhookPorts {
  readonly outbound: Outbound
  readonly secrets: WebhookSecrets
  readonly wire: WebhookWire
  /** Returns a number between 0 and 1, by which retries are spread. */
  readonly chance: () => number
}
