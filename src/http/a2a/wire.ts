import type { Task, TaskState } from '../../core/inbox/tasks'
import type { Attachment, MessageView } from '../../core/kernel/entities'
import { formatInstant } from '../../core/kernel/time'
import type { Answer, Dialect } from '../endpoint'
import { Type } from '../schema'
import { CONTENT_TYPE, errorSchema } from './errors'

export const dialect: Dialect = { contentType: CONTENT_TYPE, error: errorSchema }

/** The states of tasks that this server has, as the protocol writes them. */
export const stateNames = {
  submitted: 'TASK_STATE_SUBMITTED',
  working: 'TASK_STATE_WORKING',
  input_required: 'TASK_STATE_INPUT_REQUIRED',
  completed: 'TASK_STATE_COMPLETED',
  failed: 'TASK_STATE_FAILED',
} as const satisfies Record<TaskState, string>

export const taskSchema = Type.Object(
  {
    id: Type.String({ description: 'Id of the message, a dot, id of the recipient' }),
    contextId: Type.String({ description: 'Root of the thread' }),
    status: Type.Object({ state: Type.String(), timestamp: Type.String() }, { additionalProperties: true }),
  },
  { additionalProperties: true, description: 'Task of A2A 1.0' },
)

export function a2aAnswer(json: object, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status: 200, json, headers: { ...headers, 'content-type': CONTENT_TYPE } }
}

export function taskId({ message, recipient }: Pick<Task, 'message' | 'recipient'>): string {
  return `${message.message.uuid}.${recipient.uuid}`
}

export interface TaskOptions {
  /** Of the addresses of files. */
  readonly origin: string
  /** At most so many messages in `history`; null = all, which is one. */
  readonly historyLength: number | null
}

/** Renders a task. Its history is the message that was sent; what the recipient said last is in the status. */
export function taskJson(
  task: Task,
  { origin, historyLength }: TaskOptions,
  more: Readonly<Record<string, unknown>> = {},
) {
  const { message, root, recipient, state, stateAt, delivery } = task
  const shown = statusMessage(task, origin)
  const isPart = { contextId: root, taskId: taskId(task) }
  const own = {
    ...isPart,
    ...messageJson(message, origin),
    messageId: message.message.clientMessageId ?? message.message.uuid,
    role: 'ROLE_USER',
  }
  return {
    id: isPart.taskId,
    contextId: root,
    status: {
      state: stateNames[state],
      ...(shown ? { message: { ...isPart, ...shown, role: 'ROLE_AGENT' } } : {}),
      timestamp: formatInstant(stateAt),
    },
    ...(historyLength === 0 ? {} : { history: [own] }),
    metadata: {
      'synapse.channel': message.channel.slug,
      'synapse.recipient': recipient.handle,
      'synapse.delivery': delivery,
      ...more,
    },
  }
}

function statusMessage(task: Task, origin: string): object | null {
  const { shown, state, note } = task
  if (shown) return messageJson(shown, origin)
  if (state !== 'failed' || note === null || note === '') return null
  return { messageId: `${taskId(task)}.note`, parts: [{ text: note, mediaType: 'text/plain' }] }
}

function messageJson({ message, sender }: MessageView, origin: string) {
  const { uuid, body, format, attachments, metadata, createdAt } = message
  const mediaType = format === 'markdown' ? 'text/markdown' : 'text/plain'
  return {
    messageId: uuid,
    parts: [{ text: body, mediaType }, ...attachments.map((one) => filePart(one, origin))],
    metadata: {
      ...metadata,
      'synapse.message_id': uuid,
      'synapse.sender': sender.handle,
      'synapse.created_at': formatInstant(createdAt),
    },
  }
}

/** A file can be read with the token of the caller. */
function filePart({ uuid, filename, mime }: Attachment, origin: string) {
  return { url: `${origin}/v1/attachments/${uuid}`, filename, mediaType: mime }
}
