import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { fastDirectory } from '../support/fast-directory'
import { postgresMissing } from '../support/postgres'
import { sharedStore } from '../support/replicas'
import { type World, world } from '../support/world'

setDefaultTimeout(120_000)

interface Uploaded {
  readonly id: string
  readonly url: string
}

describe.skipIf(postgresMissing)('attachments with two replicas that share a folder', () => {
  const folder = fastDirectory()
  let one: World
  let other: World
  let alice: { readonly secret: string }
  let settings: Record<string, string>

  beforeAll(async () => {
    settings = {
      ...(await sharedStore()),
      SYNAPSE_BLOB_URL: pathToFileURL(join(folder.path, 'shared')).href,
    }
    one = await world({ settings })
    other = await world({ settings })
    await one.channel('files')
    alice = await one.agent('alice', { channels: { files: 'member' } })
  })
  afterAll(async () => {
    await one[Symbol.asyncDispose]()
    await other[Symbol.asyncDispose]()
    folder[Symbol.dispose]()
  })

  const by = (w: World) => w.bearer(alice.secret)
  const uploaded = async (w: World, text: string) => {
    const answer = await by(w).fetch<Uploaded>('/v1/attachments', { method: 'POST', body: text })
    expect(answer.status, answer.text).toBe(201)
    return answer.body
  }
  const blobs = () =>
    readdirSync(join(folder.path, 'shared'), { recursive: true, encoding: 'utf8' }).filter((path) =>
      /-[0-9a-f]{32}$/.test(path),
    )

  test('what one received the other one posts, serves and deletes', async () => {
    const { id, url } = await uploaded(one, 'shared')
    const post = { channel: 'files', body: 'see', attachments: [id] }
    const posted = await by(other).post<{ id: string }>('/v1/messages', post)
    expect(posted.status, posted.text).toBe(201)
    for (const w of [one, other]) expect((await by(w).fetch(url)).text).toBe('shared')
    expect((await by(one).delete(`/v1/messages/${posted.body.id}`)).status).toBe(204)
    for (const w of [one, other]) expect((await by(w).fetch(url)).status).toBe(404)
    while (blobs().length > 0) await new Promise((resolve) => setImmediate(resolve))
  })

  test('of posts at both with one upload one gets it', async () => {
    for (let round = 0; round < 10; round++) {
      const { id } = await uploaded(one, `round ${round}`)
      const post = { channel: 'files', body: 'mine', attachments: [id] }
      const answers = await Promise.all([one, other, one, other].map((w) => by(w).post('/v1/messages', post)))
      expect(answers.map(({ status }) => status).sort()).toEqual([201, 404, 404, 404])
    }
  })

  test('equal bytes that both receive at once share a blob', async () => {
    const before = blobs().length
    await Promise.all([one, other, one, other].map((w) => uploaded(w, 'the same')))
    expect(blobs()).toHaveLength(before + 1)
  })

  test('a replica with a folder of its own says that files are missing', async () => {
    const { SYNAPSE_BLOB_URL: _, ...own } = settings
    await using third = await world({ settings: own })
    await third.stop()
    expect(third.log).toContain('the blob store is empty, but messages have attachments')
  })
})
