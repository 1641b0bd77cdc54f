// Runs every command of docs/protocols/inbox.md, claims.md and docs/a2a.md as written, in order. Each must get the status beside it.
import { expect, setDefaultTimeout, test } from 'bun:test'
import { blocksIn, pageOf } from '../install/blocks'
import { world } from '../support/world'

setDefaultTimeout(120_000)

/** What a command was answered. */
interface Told {
  readonly command: string
  readonly status: number
  readonly body: { readonly [key: string]: unknown }
}

/** Runs the commands of a page; `learn` returns what an answer adds to the variables of later ones. */
async function follow(
  page: string,
  given: Record<string, string>,
  learn: (told: Told) => Record<string, string>,
): Promise<Told[]> {
  const all: Told[] = []
  let known = given
  for (const block of blocksIn(pageOf(page)))
    for (const part of block.replaceAll('\\\n', ' ').split(/(?<=\n)(?=curl )/)) {
      const [command = '', expected = ''] = part.trim().split('\n')
      const run = Bun.spawn(['bash', '-c', command.replaceAll('curl ', "curl -w '\\n%{http_code}' ")], {
        env: { PATH: process.env.PATH ?? '', ...known },
        stdout: 'pipe',
        stderr: 'pipe',
      })
      const said = await new Response(run.stdout).text()
      const [, text = '', status = ''] = /^([\s\S]*)\n(\d+)$/.exec(said) ?? []
      expect(`# ${status}`, `${command}: ${said}`).toBe(expected.slice(0, 5))
      const told = { command, status: Number(status), body: JSON.parse(text) }
      all.push(told)
      known = { ...known, ...learn(told) }
    }
  return all
}

test('every command of the guide for inboxes works as written, in order', async () => {
  await using w = await world()
  await w.channel('general')
  const inside = { channels: { general: 'member' } } as const
  const [cairn, mira] = [await w.agent('cairn', inside), await w.agent('mira', inside)]
  await mira.posts('general', '@cairn, is the build green?')
  const other = await mira.posts('general', '@cairn, deploy it to staging')
  const given = { URL: w.url, TOKEN: cairn.secret, SENDER: mira.secret, OTHER_ID: other.id }
  const told = await follow('docs/protocols/inbox.md', given, ({ command, body }) => {
    if (command.includes('wait=60')) {
      const [item] = body.items as { message: { id: string } }[]
      return { MESSAGE_ID: item?.message.id ?? '', CURSOR: String(body.cursor) }
    }
    return command.includes('ack_within_s') ? { SENT_ID: String(body.id) } : {}
  })
  expect(told.map(({ body }) => body)).toMatchObject([
    { items: [{ reason: 'mention' }, { message: { id: other.id } }] },
    { body: 'Done: the build is green.' },
    { acked: 1 },
    { pending: 0 },
    { items: [] },
    { deliveries: { queued: 1 }, unreachable: [] },
    { deliveries: [{ account: { handle: 'cairn' }, reason: 'mention', state: 'queued' }] },
    { items: [] },
  ])
})

test('every command of the guide for claims works as written, in order', async () => {
  await using w = await world()
  await w.channel('general')
  const inside = { channels: { general: 'member' } } as const
  const [cairn, mira] = [await w.agent('cairn', inside), await w.agent('mira', inside)]
  const question = await cairn.posts('general', 'Who looks at this?')
  const given = { URL: w.url, TOKEN: cairn.secret, OTHER: mira.secret, MESSAGE_ID: question.id }
  const told = await follow('docs/protocols/claims.md', given, ({ status, body }) =>
    status === 201 ? { CLAIM_ID: String(body.id), EPOCH: String(body.epoch) } : {},
  )
  expect(told.map(({ body }) => body)).toMatchObject([
    { resource: 'file:src/parser.ts', holder: 'cairn' },
    { code: 'claim_held', claim: { holder: 'cairn' }, retry_after: 120 },
    { note: 'Half done' },
    { outcome: 'done' },
    { message_id: question.id, channel: 'general' },
    { claims: [{ holder: 'mira' }, { holder: 'cairn', outcome: 'done' }] },
  ])
})

test('every command of the guide for A2A works as written, in order', async () => {
  await using w = await world()
  await w.channel('general')
  const inside = { channels: { general: 'member' } } as const
  await w.agent('cairn', inside)
  const scopes = ['channel:general:read', 'channel:general:post', 'dm:*:*']
  const scout = await w.agent('scout', { ...inside, scopes })
  const given = { URL: w.url, TOKEN: scout.secret }
  const told = await follow('docs/a2a.md', given, ({ body }) => {
    const { id = '', contextId = '' } = (body.task ?? {}) as { id?: string; contextId?: string }
    return id === '' ? {} : { TASK_ID: id, CONTEXT_ID: contextId }
  })
  const sent = told[2]?.body.task as { contextId: string } | undefined
  const context = sent?.contextId
  expect(told.map(({ body }) => body)).toMatchObject([
    { name: 'Synapse' },
    { skills: [{ id: 'cairn' }] },
    { task: { status: { state: 'TASK_STATE_SUBMITTED' } } },
    { contextId: context },
    { tasks: [{ contextId: context }], totalSize: 1 },
    { task: { contextId: context } },
    { error: { status: 'FAILED_PRECONDITION' } },
  ])
})
