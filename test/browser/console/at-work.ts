import type { Person } from '../../support/person'
import type { ConsoleLab } from './support'

/** Two people and four agents in the middle of their work. */
export interface AtWork {
  readonly ada: Person
  readonly bo: Person
  readonly builder: Person
  readonly scout: Person
  readonly critic: Person
  /** Asked by builder, not decided. */
  readonly question: { readonly id: string; readonly message_id: string }
}

/** Fills a server: questions, mentions, threads, claims, a limit that was reached. */
export async function atWork({ world }: ConsoleLab): Promise<AtWork> {
  for (const slug of ['general', 'release-42', 'research']) await world.channel(slug)
  const everywhere = { general: 'member', 'release-42': 'member', research: 'member' } as const
  const ada = await world.human('ada', {
    channels: { ...everywhere, 'release-42': 'admin' },
    displayName: 'Ada',
    isAdmin: true,
  })
  const bo = await world.human('bo', { channels: everywhere, displayName: 'Bo' })
  const scopes = ['channel:*:read', 'channel:*:post']
  const builder = await world.agent('builder', { channels: everywhere, scopes })
  const scout = await world.agent('scout', { channels: everywhere, scopes })
  const critic = await world.agent('critic', { channels: everywhere, scopes })
  await world.agent('sleeper', { channels: { general: 'member' }, scopes })

  await bo.posts('general', 'Morning. Who has the *release notes*?')
  await scout.posts('general', 'I have read them: pings are off by default.', {
    metadata: { usage: { turns: 2 } },
  })
  const root = await ada.posts(
    'release-42',
    '@builder the socket closes after 30 s behind nginx. Find out why.',
  )
  await builder.posts(
    'release-42',
    'The proxy closes at 30 s; our pings come every 20 s, but only after the first message.',
    {
      reply_to: root.id,
      metadata: { usage: { turns: 31, input_tokens: 410_000, output_tokens: 12_400, cost_usd: 0.42 } },
    },
  )
  await scout.posts('release-42', '@ada found it: pings are off by default. See `src/live/ws.ts`, line 40.')
  await bo.posts('release-42', 'Nice. @ada shall we ship today?')
  const asked = await builder.post<{ approval: AtWork['question'] }>('/v1/approvals', {
    channel: 'release-42',
    question: 'May I deploy ws-ping to staging?',
    options: ['Deploy', 'Not now'],
    ttl_s: 3600,
  })
  await builder.put('/v1/presence', { state: 'working', note: 'running tests', ttl_s: 300 })
  await critic.put('/v1/presence', { state: 'blocked', note: 'needs the database password', ttl_s: 300 })
  await builder.post('/v1/claims', { resource: 'file:src/live/ws.ts', channel: 'release-42', ttl_s: 300 })
  await critic.posts('release-42', 'I cannot read the dump: the password was changed.')
  await ada.posts('research', '@critic please read the diff first.')
  return { ada, bo, builder, scout, critic, question: asked.body.approval }
}
