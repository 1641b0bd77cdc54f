import { expect, test } from 'bun:test'
import { LiveSocket } from '../support/sockets'
import { type Person, type Room, type World, world } from '../support/world'

/** A room in which ten writers post until they are stopped. */
async function busyRoom() {
  const w = await world({ settings: { SYNAPSE_LOG_LEVEL: 'warning', SYNAPSE_STREAMS_PER_ACCOUNT: '100' } })
  const room = await w.channel('room')
  const bob = await w.agent('bob', { channels: { room: 'member' } })
  const writers: Person[] = []
  for (let i = 0; i < 10; i++) writers.push(await w.agent(`writer-${i}`, { channels: { room: 'member' } }))
  let isBusy = true
  const writing = writers.map(async (writer) => {
    for (let n = 0; isBusy; n++) await writer.posts(room, `${writer.handle} ${n}`)
  })
  const quiet = async () => {
    isBusy = false
    await Promise.allSettled(writing)
  }
  return {
    w,
    room,
    bob,
    socket: () => LiveSocket.open(w.url, bob.credential),
    /** Stops the writers, posts once more, waits until that arrives, and returns the messages of each socket. */
    async heardBy(sockets: readonly LiveSocket[]): Promise<number[][]> {
      await quiet()
      const { seq: last } = await bob.posts(room, 'the end')
      for (const socket of sockets) await socket.arrivals.next(({ seq }) => seq === last, `number ${last}`)
      return sockets.map(({ events }) =>
        events.filter(({ type }) => type === 'message.created').map(({ seq }) => seq),
      )
    },
    async [Symbol.asyncDispose]() {
      await quiet()
      await w[Symbol.asyncDispose]()
    },
  }
}

/** The sequence numbers of the messages of a room, from one of them on. */
async function messagesFrom(w: World, room: Room, from: number): Promise<number[]> {
  return (await w.storedLog())
    .filter(({ type, channel, seq }) => type === 'message.created' && channel === room.slug && seq >= from)
    .map(({ seq }) => seq)
}

test('a socket that subscribes while ten writers post receives each message once and in order, for every kind of subscription', async () => {
  await using busy = await busyRoom()
  const { w, room, bob } = busy
  const { cursor: since } = await bob.posts(room, 'some position')
  const ways = [
    [['room'], {}],
    [['room'], { since: 'oldest' }],
    [['room'], { since }],
    [['*'], {}],
    [['*'], { since: 'oldest' }],
    [['*'], { since, types: ['message.*', 'member.*'] }],
  ] as const
  const sockets: LiveSocket[] = []
  for (const [channels, more] of [...ways, ...ways, ...ways, ...ways, ...ways]) {
    const socket = await busy.socket()
    sockets.push(socket)
    await socket.subscribe(channels, more)
  }
  for (const heard of await busy.heardBy(sockets))
    expect(heard).toEqual(await messagesFrom(w, room, heard[0] ?? 0))
  for (const socket of sockets) socket[Symbol.dispose]()
})

test('a socket that repeatedly changes its subscription misses and repeats nothing', async () => {
  await using busy = await busyRoom()
  using socket = await busy.socket()
  await socket.subscribe(['room'])
  for (let round = 0; round < 30; round++)
    await socket.subscribe(['room'], round % 2 === 0 ? { types: ['message.*', 'member.*'] } : {})
  const [heard = []] = await busy.heardBy([socket])
  expect(heard).toEqual(await messagesFrom(busy.w, busy.room, heard[0] ?? 0))
})

test('a socket that resumes receives everything after that position, and then each message once', async () => {
  await using busy = await busyRoom()
  using socket = await busy.socket()
  await socket.subscribe(['room'])
  const { cursor, seq } = await busy.bob.posts(busy.room, 'here it will go on')
  await socket.next('message.created')
  await socket.settle()
  socket.say({ type: 'resume', cursor })
  const [heard = []] = await busy.heardBy([socket])
  const again = heard.lastIndexOf((await messagesFrom(busy.w, busy.room, seq + 1))[0] ?? 0)
  expect(heard.slice(again)).toEqual(await messagesFrom(busy.w, busy.room, seq + 1))
  const before = heard.slice(0, again)
  expect(before).toEqual((await messagesFrom(busy.w, busy.room, before[0] ?? 0)).slice(0, before.length))
})

test('a socket that unsubscribes and subscribes again from its last cursor misses nothing', async () => {
  await using busy = await busyRoom()
  using socket = await busy.socket()
  await socket.subscribe(['room'])
  for (let round = 0; round < 10; round++) {
    await socket.next('message.created')
    await socket.ask({ type: 'unsubscribe', channels: ['room'] })
    await socket.subscribe(['room'], { since: socket.events.at(-1)?.cursor })
  }
  const [heard = []] = await busy.heardBy([socket])
  expect(heard).toEqual(await messagesFrom(busy.w, busy.room, heard[0] ?? 0))
})

test('a post is delivered to open sockets by the time it is answered', async () => {
  await using busy = await busyRoom()
  using socket = await busy.socket()
  await socket.subscribe(['room'])
  for (let round = 0; round < 20; round++) {
    const { seq } = await busy.bob.posts(busy.room, `round ${round}`)
    await socket.settle()
    expect(socket.events.map((event) => event.seq)).toContain(seq)
  }
})
