import type { Core } from '../../core'
import type { TaskKey } from '../../core/inbox/tasks'
import { MAX_LISTED_MESSAGES, TASK_STATES, type TaskState } from '../../core/inbox/tasks'
import { type Micros, parseInstant } from '../../core/kernel/time'
import { ownOrigin } from '../auth'
import { type Endpoint, endpoint } from '../endpoint'
import { HttpError, ValidationError } from '../errors'
import { oneOf, Type, text } from '../schema'
import { unsupported } from './errors'
import { a2aAnswer, dialect, stateNames, taskJson, taskSchema } from './wire'

const DEFAULT_PAGE = 50
const MAX_PAGE = 100

/** States of the protocol that no task of this server has. */
const OTHER_STATES = ['TASK_STATE_CANCELED', 'TASK_STATE_REJECTED', 'TASK_STATE_AUTH_REQUIRED'] as const

export const historyLength = Type.Optional(
  Type.Integer({ minimum: 0, maximum: 2_147_483_647, description: 'At most so many messages in `history`' }),
)

const listQuery = Type.Object({
  contextId: Type.Optional(text({ description: 'Only tasks of this thread' })),
  status: Type.Optional(
    oneOf(
      [...Object.values(stateNames), ...OTHER_STATES, 'TASK_STATE_UNSPECIFIED'],
      'Only tasks in this state',
    ),
  ),
  pageSize: Type.Optional(
    Type.Integer({ minimum: 1, maximum: MAX_PAGE, description: `Default ${DEFAULT_PAGE}` }),
  ),
  pageToken: Type.Optional(text({ description: '`nextPageToken` of the page before' })),
  historyLength,
  statusTimestampAfter: Type.Optional(text({ description: 'Only tasks that changed at this time or later' })),
  includeArtifacts: Type.Optional(Type.Boolean({ description: 'Has no effect: tasks have no artifacts' })),
})

export function taskEndpoints(core: Core): Endpoint[] {
  return [
    endpoint({
      method: 'GET',
      path: '/a2a/v1/tasks/:id',
      who: 'account',
      tag: 'A2A',
      summary: 'Show what became of a message of yours for one recipient',
      query: Type.Object({ historyLength }),
      dialect,
      answers: { 200: { description: 'The task', schema: taskSchema } },
      refusals: ['task_not_found'],
      handle: async ({ actor, params, query, request }) => {
        const { id = '' } = params
        // GET /tasks/{id}:subscribe
        if (id.includes(':')) throw unsupported()
        const task = await core.tasks.get(actor, id)
        const options = { origin: ownOrigin(core, request), historyLength: query.historyLength ?? null }
        return a2aAnswer(taskJson(task, options))
      },
    }),
    endpoint({
      method: 'GET',
      path: '/a2a/v1/tasks',
      who: 'account',
      tag: 'A2A',
      summary: 'List what became of your messages',
      description: `The latest change first. The tasks of the newest ${MAX_LISTED_MESSAGES} messages that you sent over A2A.`,
      query: listQuery,
      dialect,
      answers: {
        200: {
          description: 'A page',
          schema: Type.Object({
            tasks: Type.Array(taskSchema),
            nextPageToken: Type.String({ description: 'Empty on the last page' }),
            pageSize: Type.Integer(),
            totalSize: Type.Integer({ description: 'Tasks on all pages' }),
          }),
        },
      },
      refusals: ['invalid_cursor'],
      handle: async ({ actor, query, request }) => {
        const limit = query.pageSize ?? DEFAULT_PAGE
        const state = stateIn(query.status)
        const filter = {
          context: query.contextId || null,
          since: timeIn(query.statusTimestampAfter || undefined),
          after: query.pageToken ? keyIn(query.pageToken) : null,
          limit,
        }
        const page =
          state === 'other'
            ? { tasks: [], next: null, total: 0 }
            : await core.tasks.list(actor, { ...filter, state })
        const options = { origin: ownOrigin(core, request), historyLength: query.historyLength ?? null }
        return a2aAnswer({
          tasks: page.tasks.map((task) => taskJson(task, options)),
          nextPageToken: page.next ? tokenOf(page.next) : '',
          pageSize: limit,
          totalSize: page.total,
        })
      },
    }),
  ]
}

/** Returns the state of the core; null = any, `other` = one that no task has. */
function stateIn(name: string | undefined): TaskState | 'other' | null {
  if (name === undefined || name === 'TASK_STATE_UNSPECIFIED') return null
  return TASK_STATES.find((state) => stateNames[state] === name) ?? 'other'
}

function timeIn(time: string | undefined): Micros | null {
  if (time === undefined) return null
  const at = parseInstant(time)
  if (at !== undefined) return at
  const msg = 'Value error, this is no time, such as 2026-05-07T15:56:16Z'
  throw new ValidationError([
    { type: 'value_error', loc: ['query', 'statusTimestampAfter'], msg, input: null },
  ])
}

function tokenOf({ at, id }: TaskKey): string {
  return Buffer.from(`${at} ${id}`).toString('base64url')
}

/** @throws invalid_cursor */
function keyIn(token: string): TaskKey {
  const [, at, id] =
    /^(\d{1,16}) ([0-9a-f.-]{73})$/.exec(Buffer.from(token, 'base64url').toString('latin1')) ?? []
  if (at !== undefined && id !== undefined && tokenOf({ at: Number(at) as Micros, id }) === token)
    return { at: Number(at) as Micros, id }
  throw new HttpError(400, 'invalid_cursor', 'Send `pageToken` exactly as the server sent it')
}
