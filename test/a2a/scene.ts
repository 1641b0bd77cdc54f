import { type Answer, type Caller, type Fields, type Message, type Person, world } from '../support/world'

export interface TaskJson {
  readonly id: string
  readonly contextId: string
  readonly status: {
    readonly state: string
    readonly timestamp: string
    readonly message?: Part & Fields
  }
  readonly history?: readonly (Part & Fields)[]
  readonly metadata: Fields
}

interface Part {
  readonly messageId: string
  readonly role: string
  readonly parts: readonly Fields[]
  readonly metadata: Fields
}

export interface TaskList {
  readonly tasks: readonly TaskJson[]
  readonly nextPageToken: string
  readonly pageSize: number
  readonly totalSize: number
}

export interface Refused {
  readonly error: {
    readonly code: number
    readonly status: string
    readonly message: string
    readonly details: readonly (Fields & { '@type': string; reason?: string })[]
  }
}

/** Ann is a person with a session; bob, cat and dan are agents; all are in `general`. Eve is an agent elsewhere. */
export async function scene(settings: Record<string, string> = {}) {
  const w = await world({ settings })
  const general = await w.channel('general')
  const inside = { channels: { general: 'member' } } as const
  const scopes = ['channel:*:read', 'channel:*:post', 'dm:*:*']
  const ann = await w.human('ann', inside)
  const bob = await w.agent('bob', { ...inside, scopes })
  const cat = await w.agent('cat', { ...inside, scopes })
  const dan = await w.agent('dan', { ...inside, scopes })
  await w.channel('elsewhere', { kind: 'private' })
  const eve = await w.agent('eve', { channels: { elsewhere: 'member' }, scopes })
  return { w, general, ann, bob, cat, dan, eve, [Symbol.asyncDispose]: () => w[Symbol.asyncDispose]() }
}

let sent = 0

/** The body that sends a text to a handle, a channel or a thread, without waiting for a reply. */
export function message(
  text: string,
  to: { readonly handle?: string; readonly channel?: string; readonly contextId?: string },
  more: Fields = {},
) {
  const { handle, channel, contextId } = to
  return {
    message: {
      messageId: `message-${++sent}`,
      role: 'ROLE_USER',
      parts: [{ text }],
      ...(contextId === undefined ? {} : { contextId }),
      metadata: {
        ...(handle === undefined ? {} : { 'synapse.handle': handle }),
        ...(channel === undefined ? {} : { 'synapse.channel': channel }),
      },
      ...more,
    },
    configuration: { returnImmediately: true },
  }
}

export const SEND = '/a2a/v1/message:send'

/** Sends a message. Fails if it is refused. */
export async function sends(who: Caller, ...words: Parameters<typeof message>): Promise<TaskJson> {
  const { status, text, body } = await who.post<{ task: TaskJson }>(SEND, message(...words))
  if (status !== 200) throw new Error(`the message was refused: ${text}`)
  return body.task
}

export async function taskOf(who: Caller, { id }: Pick<TaskJson, 'id'>): Promise<TaskJson> {
  const { status, text, body } = await who.get<TaskJson>(`/a2a/v1/tasks/${id}`)
  if (status !== 200) throw new Error(`no task: ${text}`)
  return body
}

export async function tasksOf(who: Caller, query = ''): Promise<TaskList> {
  const { status, text, body } = await who.get<TaskList>(`/a2a/v1/tasks${query}`)
  if (status !== 200) throw new Error(`no tasks: ${text}`)
  return body
}

/** An error as `status STATUS REASON`. */
export function refusalIn({ status, headers, text }: Answer<unknown>): string {
  const { error } = JSON.parse(text) as Refused
  if (error.code !== status) throw new Error(`code ${error.code} with status ${status}`)
  if (headers.get('content-type') !== 'application/a2a+json')
    throw new Error(`type ${headers.get('content-type')}`)
  const info = error.details.find((one) => one['@type'] === 'type.googleapis.com/google.rpc.ErrorInfo')
  return `${status} ${error.status} ${info?.reason}`
}

/** The id of the message of a task. */
export function messageIdOf({ id }: Pick<TaskJson, 'id'>): string {
  return id.split('.')[0] ?? ''
}

export type { Message, Person }
