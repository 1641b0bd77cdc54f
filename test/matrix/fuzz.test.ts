// Requests of every shape: none is an internal fault, and every refusal has a code of Matrix.
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import type { Caller } from '../support/world'
import { matrixEndpoints, pathWith } from './endpoints'
import { homeserver, SERVER_NAME, signIn, V3 } from './homeserver'

/** `FUZZ_ROUNDS=20000` searches longer, `FUZZ_SEED` repeats a finding. */
const RUNS = Number(process.env['FUZZ_ROUNDS'] ?? 1500)
const SEED = Number(process.env['FUZZ_SEED'] ?? 20_261_121)

/** Ends the access tokens of the test. */
const ENDING = /\/logout(?:\/all)?$/

const NAMES = [
  ...['auth', 'device_id', 'devices', 'password', 'new_password', 'username', 'type', 'identifier', 'token'],
  ...['device_keys', 'one_time_keys', 'fallback_keys', 'messages', 'room', 'event_format', 'displayname'],
  ...['avatar_url', 'display_name', 'order', 'refresh_token', 'user', 'mac', 'nonce', 'session', 'x'],
  ...['event_id', 'm.read', 'm.fully_read', 'thread_id', 'visibility', 'preset', 'invite', 'name', 'topic'],
  ...['actions', 'conditions', 'pattern', 'enabled', 'kind', 'app_id', 'pushkey', 'data', 'lang', 'append'],
  ...['search_categories', 'room_events', 'search_term', 'filter', 'limit', 'generic_search_term'],
  ...['initial_state', 'creation_content', 'room_version', 'reason', 'user_id', 'msgtype', 'body'],
] as const

const QUERIES = [
  ...['next_batch', 'max_depth', 'suggested_only', 'server', 'user_id'],
  ...['from', 'to', 'dir', 'limit', 'filter', 'since', 'full_state', 'membership', 'not_membership', 'at'],
  ...[
    'ts',
    'kind',
    'username',
    'token',
    'via',
    'server_name',
    'recurse',
    'include',
    'format',
    'use_state_after',
    'before',
    'after',
    'only',
  ],
] as const

test(
  'no request is an internal fault',
  async () => {
    await using w = await homeserver({ SYNAPSE_MATRIX_REGISTRATION_TOKEN: 'let-me-in' })
    await w.channel('family')
    const ada = await signIn(w, await w.human('ada', { channels: { family: 'admin' } }), { device_id: 'ADA' })
    const bob = await signIn(w, await w.human('bob', { channels: { family: 'member' } }))
    const agent = await w.agent('bert', { channels: { family: 'member' } })
    await ada.get(`${V3}/sync`)
    const [row] = await w.sql<{ room_id: string }>('SELECT room_id FROM matrix_rooms')
    const [event] = await w.sql<{ event_id: string }>('SELECT event_id FROM matrix_events ORDER BY id DESC')
    const callers: Readonly<Record<string, Caller>> = {
      guest: w.guest,
      ada,
      bob,
      agent: w.bearer(agent.secret),
    }
    const word = fc.constantFrom(
      ...[ada.userId, bob.userId, `@nobody:${SERVER_NAME}`, '@x:other.example', 'ADA', 'x', '', '0', '-1'],
      ...[
        row?.room_id ?? '',
        '!unknown:example.org',
        event?.event_id ?? '',
        '$unknown',
        '#family:example.org',
      ],
      ...[
        'override',
        '.m.rule.master',
        'm.room.name',
        'm.room.member',
        'm.room.power_levels',
        'm.tag',
        'm.read',
        'true',
        'b',
        '{"x":1}',
        '{}',
      ],
      ...['\0', '\ud800', 'é👍', '__proto__', 'constructor', 'x'.repeat(300), '../..', 's1_1_0_x', 't1_x'],
    )
    const text = fc.oneof(word, fc.string({ maxLength: 20, unit: 'grapheme' }))
    const { json } = fc.letrec<{ json: unknown; object: unknown }>((tie) => ({
      json: fc.oneof(
        { maxDepth: 3 },
        ...[text, fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean()],
        ...[fc.constant(null), fc.array(tie('json'), { maxLength: 3 }), tie('object')],
      ),
      object: fc.dictionary(fc.oneof(fc.constantFrom(...NAMES), word), tie('json'), { maxKeys: 5 }),
    }))
    const body = fc.oneof(
      { weight: 8, arbitrary: fc.dictionary(fc.constantFrom(...NAMES), json, { maxKeys: 6 }) },
      { weight: 1, arbitrary: json },
    )
    const routes = matrixEndpoints()
      .filter(({ path }) => !ENDING.test(path))
      .map(({ method, path }) => `${method} ${path}`)
    const request = fc.record({
      route: fc.constantFrom(...routes),
      by: fc.constantFrom(...Object.keys(callers)),
      parts: fc.array(word, { minLength: 4, maxLength: 4 }),
      query: fc.dictionary(fc.constantFrom(...QUERIES), word, { maxKeys: 3 }),
      body,
    })
    await fc.assert(
      fc.asyncProperty(request, async ({ route, by, parts, query, body }) => {
        let part = 0
        const [method = '', pattern = ''] = route.split(' ')
        const path = pathWith(pattern, () => (parts[part++] ?? 'x').toWellFormed() || 'x')
        const asked = new URLSearchParams(
          Object.entries(query).map(([name, value]): [string, string] => [name, value.toWellFormed()]),
        )
        const target = `${path}${asked.size === 0 ? '' : `?${asked}`}`
        const answer = await (callers[by] ?? w.guest).request<Record<string, unknown>>(
          method,
          target,
          method === 'GET' ? undefined : body,
        )
        const what = `${method} ${target} ${JSON.stringify(body)}: ${answer.status} ${answer.text.slice(0, 200)}`
        if (answer.status >= 500 && answer.status !== 504) throw new Error(what)
        if (answer.status < 400 || answer.body?.flows !== undefined) return
        if (!/^M_[A-Z0-9_]+$/.test(String(answer.body?.errcode)) || typeof answer.body?.error !== 'string')
          throw new Error(what)
      }),
      { numRuns: RUNS, seed: SEED },
    )
    expect(w.log).not.toContain('request failed')
  },
  5 * 60_000,
)
