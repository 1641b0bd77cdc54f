// Rooms that are being replaced while kill -9 ends the server: each of them is replaced wholly, or not at all.
import { expect, setDefaultTimeout, test } from 'bun:test'
import { roomPath } from '../matrix/acting'
import { V3 } from '../matrix/homeserver'
import type { Caller } from '../support/caller'
import { Chance } from '../support/chance'
import { Site } from '../support/site'

setDefaultTimeout(180_000)

const MATRIX = {
  ...{ SYNAPSE_MATRIX_SERVER_NAME: 'example.org', SYNAPSE_LOG_LEVEL: 'warning' },
  ...{ SYNAPSE_RATE_WRITE: 'off', SYNAPSE_RATE_READ: 'off' },
}
const ROOMS = 24
const KILLS = 4
const chance = new Chance()

interface Event {
  readonly type: string
  readonly content: {
    readonly replacement_room?: string
    readonly predecessor?: { readonly room_id: string }
  }
}

test(`a room that is replaced while kill -9 ends the server has one successor or none (TEST_SEED=${chance.seed})`, async () => {
  await using site = new Site()
  let server = await site.serveWith(MATRIX)
  const { operator } = server
  await operator.post('/v1/admin/accounts', { handle: 'bot', kind: 'agent', display_name: 'bot' })
  const scopes = ['channel:*:read', 'channel:*:post']
  const issued = await operator.post<{ token: string }>('/v1/admin/tokens', { account_handle: 'bot', scopes })
  const { token } = issued.body
  const rooms: string[] = []
  for (let n = 0; n < ROOMS; n++) {
    const body = {
      name: `Room ${n}`,
      room_alias_name: `room${n}`,
      visibility: 'public',
      preset: 'public_chat',
    }
    const made = await server.as(token).post<{ room_id: string }>(`${V3}/createRoom`, body)
    expect(made.status, made.text).toBe(200)
    rooms.push(made.body.room_id)
  }
  const answered = new Map<string, string>()
  let next = 0
  for (let kill = 0; kill <= KILLS; kill++) {
    const by = server.as(token)
    let isUp = true
    // One after another until the server is gone.
    const upgrades = (async () => {
      while (isUp && next < ROOMS) {
        const room = rooms[next++] ?? ''
        const path = `${roomPath(room)}/upgrade`
        const answer = await by
          .post<{ replacement_room: string }>(path, { new_version: kill % 2 === 0 ? '11' : '12' })
          .catch(() => undefined)
        if (answer?.status === 200) answered.set(room, answer.body.replacement_room)
        else isUp = false
      }
    })()
    if (kill < KILLS) {
      await Bun.sleep(chance.below(40))
      await server.kill()
    }
    await upgrades
    if (kill < KILLS) server = await site.serveWith(MATRIX)
  }

  const by: Caller = server.as(token)
  const stateOf = async (room: string) => (await by.get<Event[]>(`${roomPath(room)}/state`)).body
  const { body: joined } = await by.get<{ joined_rooms: string[] }>(`${V3}/joined_rooms`)
  const successors = new Map<string, string>()
  for (const room of joined.joined_rooms) {
    const create = (await stateOf(room)).find(({ type }) => type === 'm.room.create')
    const { room_id: former } = create?.content.predecessor ?? {}
    if (former === undefined) continue
    expect(successors.has(former)).toBe(false)
    successors.set(former, room)
  }
  for (const [at, room] of rooms.entries()) {
    const successor = successors.get(room)
    const tombstone = (await stateOf(room)).find(({ type }) => type === 'm.room.tombstone')
    expect(tombstone?.content.replacement_room).toBe(successor)
    // What was answered is there.
    if (answered.has(room)) expect(successor).toBe(answered.get(room))
    const alias = encodeURIComponent(`#room${at}:example.org`)
    const { body } = await by.get<{ room_id: string }>(`${V3}/directory/room/${alias}`)
    expect(body.room_id).toBe(successor ?? room)
  }
  expect(answered.size).toBeGreaterThan(0)
  const { body: directory } = await by.get<{ chunk: { room_id: string; name: string }[] }>(
    `${V3}/publicRooms`,
  )
  const listed = directory.chunk.filter(({ name }) => name.startsWith('Room ')).map(({ room_id }) => room_id)
  expect(new Set(listed)).toEqual(new Set(rooms.map((room) => successors.get(room) ?? room)))
  expect(listed).toHaveLength(ROOMS)
})
