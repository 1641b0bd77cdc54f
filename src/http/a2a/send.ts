import type { Core } from '../../core'
import { normalName } from '../../core/identity/accounts'
import type { Person } from '../../core/identity/actor'
import { canonicalJson } from '../../core/kernel/canonical-json'
import type { BodyFormat } from '../../core/kernel/entities'
import { refusal } from '../../core/kernel/errors'
import { MAX_BODY_CODE_POINTS, MAX_IDEMPOTENCY_KEY } from '../../core/kernel/limits'
import { isLongerThan } from '../../core/kernel/text'
import { ownOrigin } from '../auth'
import { type Endpoint, endpoint } from '../endpoint'
import { HttpError, ValidationError } from '../errors'
import { holdRequest } from '../held-request'
import { checkedMetadata } from '../message-metadata'
import { REPLAYED } from '../once'
import { anything, freeObject, list, maybe, oneOf, type Static, Type, text } from '../schema'
import type { StreamLimits } from '../stream-limits'
import { unsupported } from './errors'
import { historyLength } from './tasks'
import { a2aAnswer, dialect, taskId, taskJson, taskSchema } from './wire'

const HANDLE = 'synapse.handle'
const CHANNEL = 'synapse.channel'
const MAX_PARTS = 100

const otherContent = Type.Optional(anything('Not supported'))
const sentMessage = Type.Object({
  messageId: text({
    minLength: 1,
    maxLength: MAX_IDEMPOTENCY_KEY,
    description: 'Retry key: a repeated request returns the task of the first one',
  }),
  role: oneOf(['ROLE_USER']),
  parts: Type.Array(
    Type.Object({
      text: maybe(text({ secret: true })),
      mediaType: maybe(text({ description: 'text/markdown (default) or text/plain' })),
      raw: otherContent,
      url: otherContent,
      data: otherContent,
    }),
    { minItems: 1, maxItems: MAX_PARTS },
  ),
  contextId: maybe(text({ description: 'A thread: the message is posted there' })),
  taskId: maybe(text({ description: 'Not supported: continue with contextId' })),
  metadata: maybe(
    freeObject(`\`${HANDLE}\` or \`${CHANNEL}\` names the target; the rest is stored with the message`),
  ),
})
type Sent = Static<typeof sentMessage>

const sendBody = Type.Object({
  message: sentMessage,
  configuration: maybe(
    Type.Object({
      returnImmediately: maybe(
        Type.Boolean({ description: 'Whether to answer at once, instead of waiting for a reply' }),
      ),
      historyLength,
      acceptedOutputModes: maybe(list(text())),
      taskPushNotificationConfig: Type.Optional(anything('Not supported')),
    }),
  ),
})

export function sendEndpoint(core: Core, limits: StreamLimits): Endpoint {
  return endpoint({
    method: 'POST',
    path: '/a2a/v1/message:send',
    who: 'account',
    rate: 'post',
    tag: 'A2A',
    summary: 'Send a message to an account, or to the accounts that it mentions in a channel',
    description:
      'The answer waits until the recipient has replied, at most `wait.max_s` seconds; with `returnImmediately` it does not wait.',
    body: sendBody,
    dialect,
    answers: { 200: { description: 'The task', schema: Type.Object({ task: taskSchema }) } },
    refusals: [
      'no_recipient',
      'content_type_not_supported',
      'unsupported_operation',
      'task_not_found',
      'invalid_thread_id',
      'thread_not_found',
      'thread_mismatch',
    ],
    handle: async ({ actor, body: { message, configuration }, request, retryKey }) => {
      await refuseUnsupported(core, actor, message, configuration?.taskPushNotificationConfig)
      const { body, format } = bodyIn(message)
      const metadata = ownMetadata(message)
      const seconds = configuration?.returnImmediately === true ? 0 : core.settings.get('wait.max_s')
      using _held = holdRequest(limits, actor, request, seconds)
      const channel = await channelOf(core, actor, message)
      // The answer is a task, so that a token that may only post cannot send.
      await core.directory.retryUntilLoaded(() => core.policy.read(core.policy.current(actor), channel))
      const posted = await core.messages.post(actor, {
        channel,
        body,
        format,
        threadId: message.contextId || null,
        replyTo: null,
        kind: 'message',
        priority: 'normal',
        metadata,
        clientMessageId: message.messageId,
        via: 'a2a',
        needsRecipient: true,
        idempotency: {
          key: retryKey ?? message.messageId,
          requestHash: Bun.SHA256.hash(`POST /a2a/v1/message:send ${canonicalJson(message)}`, 'hex'),
        },
      })
      const { uuid } = (posted.replayed ? posted.message : posted.event.message).message
      const [first, ...others] = await core.tasks.ofMessage(actor, uuid)
      if (!first) throw refusal('task_not_found')
      const task =
        seconds === 0
          ? first
          : await core.tasks.get(actor, taskId(first), {
              waitMs: seconds * 1000,
              signal: request.signal,
            })
      const options = {
        origin: ownOrigin(core, request),
        historyLength: configuration?.historyLength ?? null,
      }
      const more = {
        ...(others.length > 0 ? { 'synapse.tasks': [first, ...others].map(taskId) } : {}),
        ...(posted.unresolved.length > 0 ? { 'synapse.unresolved_mentions': posted.unresolved } : {}),
      }
      return a2aAnswer({ task: taskJson(task, options, more) }, posted.replayed ? REPLAYED : {})
    },
  })
}

/** @throws unsupported_operation, task_not_found */
async function refuseUnsupported(core: Core, actor: Person, { taskId }: Sent, push: unknown): Promise<void> {
  if (push !== undefined && push !== null)
    throw unsupported('This server sends no push notifications: ask for the task')
  if (!taskId) return
  await core.tasks.get(actor, taskId)
  throw unsupported('Every message is a task of its own: continue the conversation with contextId alone')
}

/** Returns the slug of the channel to post in. A direct channel is opened if there is none. */
async function channelOf(core: Core, actor: Person, message: Sent): Promise<string> {
  const handle = nameIn(message, HANDLE)
  const channel = nameIn(message, CHANNEL)
  if (handle !== null && channel !== null)
    throw problem(`Name either ${HANDLE} or ${CHANNEL}`, 'message', 'metadata')
  if (channel !== null) return normalName(channel)
  if (handle !== null) return (await core.directChannels.open(actor, handle.replace(/^@/, ''))).channel.slug
  if (message.contextId) return core.tasks.channelOf(actor, message.contextId)
  throw problem(`Name the recipient as ${HANDLE}, or a channel as ${CHANNEL}`, 'message', 'metadata')
}

function nameIn({ metadata }: Sent, key: string): string | null {
  const value: unknown = metadata && Object.hasOwn(metadata, key) ? Reflect.get(metadata, key) : null
  if (value === null || value === '') return null
  if (typeof value === 'string' && value.length <= 65) return value
  throw problem('This is no name of an account or a channel', 'message', 'metadata', key)
}

/** Returns the metadata that is stored with the message. */
function ownMetadata({ metadata }: Sent): Readonly<Record<string, unknown>> {
  const own = Object.entries(metadata ?? {}).filter(([key]) => key !== HANDLE && key !== CHANNEL)
  return checkedMetadata(Object.fromEntries(own), ['message', 'metadata'])
}

/** Returns the texts of a message as one. @throws content_type_not_supported */
function bodyIn({ parts }: Sent): { readonly body: string; readonly format: BodyFormat } {
  const types = new Set<string>()
  const texts = parts.map(({ text, mediaType, raw, url, data }, i) => {
    const type = mediaType?.split(';', 1)[0]?.trim().toLowerCase() || 'text/markdown'
    const isText = type === 'text/plain' || type === 'text/markdown'
    if (!isText || [raw, url, data].some((other) => other !== undefined && other !== null))
      throw new HttpError(
        400,
        'content_type_not_supported',
        `message.parts.${i}: send text, as text/plain or text/markdown`,
      )
    types.add(type)
    return text ?? ''
  })
  const body = texts.filter((text) => text !== '').join('\n\n')
  if (body === '') throw problem('The message has no text', 'message', 'parts')
  if (isLongerThan(body, MAX_BODY_CODE_POINTS))
    throw problem(`The text has more than ${MAX_BODY_CODE_POINTS} characters`, 'message', 'parts')
  return { body, format: types.has('text/markdown') ? 'markdown' : 'plaintext' }
}

function problem(msg: string, ...path: readonly string[]): ValidationError {
  return new ValidationError([
    { type: 'value_error', loc: ['body', ...path], msg: `Value error, ${msg}`, input: null },
  ])
}
