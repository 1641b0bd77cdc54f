// Two agents and a person who share a room of their own, and the tools of the first agent.
import type { Fields, Message, Person, World } from '../support/world'
import { type REVISIONS, Tools } from './scene'

let count = 0

export async function room(w: World, revision: (typeof REVISIONS)[number] = '2025-11-25') {
  const n = count++
  const slug = `room-${n}`
  await w.channel(slug)
  const channels = { [slug]: 'member' } as const
  const ann = await w.agent(`ann-${n}`, { channels })
  const bob = await w.agent(`bob-${n}`, { channels })
  const pat = await w.human(`pat-${n}`, { channels })
  const tools = await Tools.connect(w.url, ann.secret, { revision })
  return { slug, ann, bob, pat, tools, [Symbol.asyncDispose]: () => tools[Symbol.asyncDispose]() }
}

/** A message as its reader sees it over the API. */
export async function shown(by: Person, id: unknown): Promise<Message & Fields> {
  return (await by.get<Message & Fields>(`/v1/messages/${id}`)).body
}
