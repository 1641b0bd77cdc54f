// The answers of `/sync`, as tests look at them.

export interface ClientEvent {
  readonly event_id: string
  readonly type: string
  readonly sender: string
  readonly state_key?: string
  readonly content: Readonly<Record<string, unknown>>
  readonly unsigned?: Readonly<Record<string, unknown>>
}

interface Events<Event = ClientEvent> {
  readonly events: readonly Event[]
}

export interface RoomAnswer {
  readonly timeline: Events & { readonly limited: boolean; readonly prev_batch: string }
  readonly state?: Events
  readonly state_after?: Events
  readonly summary?: Readonly<Record<string, unknown>>
  readonly ephemeral: Events<Pick<ClientEvent, 'type' | 'content'>>
  readonly account_data: Events<Pick<ClientEvent, 'type' | 'content'>>
}

export interface SyncAnswer {
  readonly next_batch: string
  readonly rooms: {
    readonly join: Readonly<Record<string, RoomAnswer>>
    readonly invite: Readonly<
      Record<string, { readonly invite_state: Events<Omit<ClientEvent, 'event_id'>> }>
    >
    readonly knock: Readonly<Record<string, object>>
    readonly leave: Readonly<Record<string, RoomAnswer>>
  }
  readonly account_data: Events<Pick<ClientEvent, 'type' | 'content'>>
  readonly presence: Events<Pick<ClientEvent, 'type' | 'sender' | 'content'>>
  readonly device_one_time_keys_count: Readonly<Record<string, number>>
}
