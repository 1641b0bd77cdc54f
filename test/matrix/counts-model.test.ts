// Random talk in a room with threads: what is unread is what a plain model says, at every step and for every client.
import { expect, test } from 'bun:test'
import { acting, roomPath } from './acting'
import { homeserver, type MatrixClient, signIn, V3 } from './homeserver'
import { inThread, naming, receipt, type Synced, say, synced, unreadApart } from './unread'

/** `MODEL_STEPS=2000` searches longer, `MODEL_SEED` repeats a finding. */
const STEPS = Number(process.env['MODEL_STEPS'] ?? 150)
const SEED = Number(process.env['MODEL_SEED'] ?? 20_261_130)

interface Said {
  readonly id: string
  readonly by: number
  readonly thread: string | null
  readonly names: readonly number[]
  readonly isNotice: boolean
  /** Its place in the order of all events. */
  readonly place: number
  isRedacted: boolean
}

interface Read {
  /** Empty: in all threads. */
  readonly thread: string
  readonly place: number
}

class Model {
  readonly said: Said[] = []
  /** By person: what it has read, and from where on it is in the room. */
  readonly read: Read[][] = [[], [], []]
  readonly joined = [0, 0, 0]

  /** What a person has not read, outside of threads and in each of them. */
  unread(person: number) {
    const threads: Record<string, [number, number]> = {}
    const main: [number, number] = [0, 0]
    for (const said of this.said) {
      if (said.by === person || said.isNotice || said.isRedacted || this.hasRead(person, said)) continue
      if (said.thread !== null) threads[said.thread] ??= [0, 0]
      const count = said.thread === null ? main : (threads[said.thread] ?? main)
      count[0]++
      if (said.names.includes(person)) count[1]++
    }
    return { main, threads }
  }

  private hasRead(person: number, { thread, place }: Said): boolean {
    if (place < (this.joined[person] ?? 0)) return true
    const isBehind = (read: Read) =>
      place <= read.place && (read.thread === '' || read.thread === (thread ?? 'main'))
    const hasAnswered = (said: Said) => said.by === person && said.thread === thread && said.place > place
    return (this.read[person] ?? []).some(isBehind) || this.said.some(hasAnswered)
  }
}

/** Numbers that look random and are the same for a seed. */
function randomOf(seed: number) {
  let state = seed >>> 0
  return (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** A client that only follows, and knows of a room what it was told last. */
class Follower {
  private since = ''
  private counts: unknown

  constructor(
    private readonly client: MatrixClient,
    private readonly room: string,
  ) {}

  async follow(): Promise<unknown> {
    const filter = encodeURIComponent('{"room":{"timeline":{"unread_thread_notifications":true}}}')
    const since = this.since === '' ? '' : `&since=${this.since}`
    const { next_batch, rooms }: Synced = await synced(this.client, `filter=${filter}${since}`)
    this.since = next_batch
    const found = rooms.join?.[this.room]
    if (found) this.counts = [found.unread_notifications, found.unread_thread_notifications]
    return this.counts
  }
}

test(
  'what is unread follows from what was said and read',
  async () => {
    await using w = await homeserver({
      SYNAPSE_RATE_WRITE: '100000/100000',
      SYNAPSE_RATE_POST: '100000/100000',
    })
    const rooms = acting(w)
    const clients: MatrixClient[] = []
    for (const handle of ['ada', 'ben', 'cem']) clients.push(await signIn(w, await w.human(handle)))
    const client = (person: number) => clients[person] as MatrixClient
    const room = await rooms.newRoom(client(0), { preset: 'public_chat' })
    for (const person of [1, 2]) await client(person).post(`${roomPath(room)}/join`, {})
    const followers = clients.map((one) => new Follower(one, room))
    const model = new Model()
    const random = randomOf(SEED)
    const one = <T>(list: readonly T[]): T | undefined => list[random(list.length)]
    let place = 1

    const speak = async () => {
      const by = random(3)
      const root =
        random(2) === 0
          ? one(model.said.filter(({ thread, isRedacted }) => thread === null && !isRedacted))
          : undefined
      const names = random(3) === 0 ? [random(3)] : []
      const isNotice = random(6) === 0
      const more = {
        ...(root ? inThread(root.id) : {}),
        ...naming(...names.map(client)),
        ...(isNotice ? { msgtype: 'm.notice' } : {}),
      }
      const id = await say(rooms, client(by), room, `message ${place}`, more)
      model.said.push({
        id,
        by,
        thread: root?.id ?? null,
        names,
        isNotice,
        place: place++,
        isRedacted: false,
      })
    }
    const readUpTo = async () => {
      const person = random(3)
      const said = one(model.said)
      if (!said || said.place < (model.joined[person] ?? 0)) return
      const thread = random(2) === 0 ? '' : (said.thread ?? 'main')
      const kind = random(3) === 0 ? 'm.read.private' : 'm.read'
      await receipt(client(person), room, said.id, kind, thread === '' ? undefined : thread)
      model.read[person]?.push({ thread, place: said.place })
    }
    const redact = async () => {
      const said = one(model.said.filter(({ isRedacted }) => !isRedacted))
      if (!said) return
      await rooms.redact(client(said.by === 0 ? 0 : said.by), room, said.id)
      said.isRedacted = true
    }
    const comeBack = async () => {
      const person = 1 + random(2)
      await client(person).post(`${roomPath(room)}/leave`, {})
      await client(person).post(`${roomPath(room)}/join`, {})
      model.joined[person] = place
    }
    const rename = async () => {
      const { userId } = client(random(3))
      const by = clients.find((each) => each.userId === userId)
      await by?.put(`${V3}/profile/${encodeURIComponent(userId)}/displayname`, { displayname: `N${place}` })
    }

    for (let step = 0; step < STEPS; step++) {
      const roll = random(20)
      if (roll < 11) await speak()
      else if (roll < 16) await readUpTo()
      else if (roll < 18) await redact()
      else if (roll < 19) await comeBack()
      else await rename()
      const person = random(3)
      if (random(3) === 0) await followers[person]?.follow()
      if (random(3) > 0) continue
      // A redacted root takes its thread's replies with it for nobody: they stay unread.
      expect(await unreadApart(client(person), room), `step ${step}, seed ${SEED}`).toEqual(
        model.unread(person),
      )
    }
    for (const [person, each] of clients.entries()) {
      const told = await followers[person]?.follow()
      expect(await unreadApart(each, room)).toEqual(model.unread(person))
      expect(told, `follower ${person}, seed ${SEED}`).toEqual(await new Follower(each, room).follow())
      // A change of the list of ignored users counts everything anew.
      const list = `${V3}/user/${encodeURIComponent(each.userId)}/account_data/m.ignored_user_list`
      await each.put(list, { ignored_users: { '@nobody:example.org': {} } })
      expect(await unreadApart(each, room)).toEqual(model.unread(person))
    }
  },
  5 * 60_000,
)
