// A person with matrix-js-sdk in a web page, without encryption. The test calls `person` and reads what it shows.
import {
  ClientEvent,
  createClient,
  EventType,
  Filter,
  MsgType,
  ReceiptType,
  RelationType,
  SyncState,
} from 'matrix-js-sdk'
import { logger } from 'matrix-js-sdk/lib/logger.js'

logger.setLevel('silent')

const PATIENCE_MILLISECONDS = 20_000

let client
let room
/** Ids of the messages that came, own ones too, in their order, with those that came twice. */
const arrived = []
const transactions = { next: 1 }
/** Requests other than /sync that have no answer yet, and since when there is none. */
const open = { count: 0, noneSince: performance.now() }

globalThis.person = {
  /** The error code of a sign-in that the server refuses. */
  async refusedAs(baseUrl, user, password) {
    try {
      await login(baseUrl, user, password)
      return 'not refused'
    } catch (error) {
      return error.errcode ?? String(error)
    }
  },

  async enter(baseUrl, user, password, alias) {
    const {
      user_id: userId,
      device_id: deviceId,
      access_token: accessToken,
    } = await login(baseUrl, user, password)
    client = createClient({ baseUrl, userId, deviceId, accessToken, timelineSupport: true, fetchFn })
    client.on(ClientEvent.Event, (event) => {
      if (event.getType() === 'm.room.message') arrived.push(event.getId())
    })
    const { room_id: id } = await client.getRoomIdForAlias(alias)
    room = id
    // In a gap the client drops what is before an own message.
    const filter = new Filter(userId)
    filter.setTimelineLimit(100)
    await client.startClient({ filter, lazyLoadMembers: true, threadSupport: true })
    await until('the first sync', () => client.getSyncState() === SyncState.Syncing)
    return userId
  },

  say: (body) => sent(client.sendMessage(room, { msgtype: MsgType.Text, body }, transaction())),

  reply: (root, body) => sent(client.sendMessage(room, root, { msgtype: MsgType.Text, body }, transaction())),

  edit: (id, body) =>
    sent(
      client.sendMessage(
        room,
        {
          msgtype: MsgType.Text,
          body: `* ${body}`,
          'm.new_content': { msgtype: MsgType.Text, body },
          'm.relates_to': { rel_type: RelationType.Replace, event_id: id },
        },
        transaction(),
      ),
    ),

  react: (id, key) =>
    sent(
      client.sendEvent(
        room,
        EventType.Reaction,
        { 'm.relates_to': { rel_type: RelationType.Annotation, event_id: id, key } },
        transaction(),
      ),
    ),

  redact: (id) => sent(client.redactEvent(room, id, transaction())),

  async sendFile(name, text) {
    const { content_uri: url } = await client.uploadContent(new Blob([text], { type: 'text/plain' }), {
      name,
    })
    const content = {
      msgtype: MsgType.File,
      body: name,
      filename: name,
      url,
      info: { mimetype: 'text/plain' },
    }
    return sent(client.sendMessage(room, content, transaction()))
  },

  /** The text of a file that was sent. */
  async file(id) {
    const event = await until('the file', () => find(id))
    const address = client.mxcUrlToHttp(
      event.getContent().url,
      undefined,
      undefined,
      undefined,
      true,
      true,
      true,
    )
    const answer = await fetch(address, { headers: { authorization: `Bearer ${client.getAccessToken()}` } })
    return answer.text()
  },

  /** Everything up to a message is read, threads too. */
  async read(id) {
    await client.sendReadReceipt(await until('what is read', () => find(id)), ReceiptType.Read, true)
  },

  hasRead: (userId, id) => client.getRoom(room)?.hasUserReadEvent(userId, id) ?? false,

  /** Whether the client has asked for nothing but news for a while. */
  isCalm: () => open.count === 0 && performance.now() - open.noneSince > 500,

  unread: () => client.getRoom(room)?.getUnreadNotificationCount() ?? 0,

  /** What the page shows of the messages that came, in their order. */
  shown: () =>
    arrived.flatMap((id) => {
      const event = find(id)
      if (!event || event.isRelation(RelationType.Replace)) return []
      const { body } = event.getContent()
      const isRedacted = event.isRedacted()
      const reactions = reactionsTo(id)
      return [
        {
          id,
          sender: event.getSender(),
          body: body ?? null,
          isRedacted,
          reactions,
          root: event.threadRootId ?? null,
        },
      ]
    }),
}

async function fetchFn(address, options) {
  if (new URL(address).pathname.endsWith('/sync')) return fetch(address, options)
  open.count++
  try {
    return await fetch(address, options)
  } finally {
    open.count--
    open.noneSince = performance.now()
  }
}

function login(baseUrl, user, password) {
  const identifier = { type: 'm.id.user', user }
  return createClient({ baseUrl }).loginRequest({ type: 'm.login.password', identifier, password })
}

function transaction() {
  return `page-${transactions.next++}`
}

/** The id of what is sent. A client repeats by itself only while it is told to; here it goes on until it has an answer. */
async function sent(sending) {
  return (await sending).event_id
}

function find(id) {
  const found = client.getRoom(room)
  return (
    found?.findEventById(id) ?? found?.getThreads().flatMap((thread) => thread.findEventById(id) ?? [])[0]
  )
}

function reactionsTo(id) {
  const found = client.getRoom(room)
  const thread = find(id)?.getThread()
  const sets = [found, thread?.timelineSet].filter(Boolean)
  const related = sets.flatMap(
    ({ relations }) =>
      relations?.getChildEventsForEvent(id, RelationType.Annotation, EventType.Reaction)?.getRelations() ??
      [],
  )
  return [
    ...new Set(
      related
        .filter((event) => !event.isRedacted())
        .map((event) => `${event.getRelation().key} ${event.getSender()}`),
    ),
  ].sort()
}

async function until(what, condition) {
  const end = performance.now() + PATIENCE_MILLISECONDS
  for (;;) {
    const found = condition()
    if (found) return found
    if (performance.now() > end) throw new Error(`waited too long for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
