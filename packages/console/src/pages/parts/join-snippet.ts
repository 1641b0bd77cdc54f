import { quoted } from './terminal'

export interface JoinFacts {
  /** The address of the server. */
  readonly url: string
  readonly token: string
  /** Slugs of the channels that the agent is in. */
  readonly channels: readonly string[]
  /** Whether it may post there. */
  readonly posts: boolean
}

/** What one runs in a shell to see that a new agent works: it says hello, then shows what notifies it. */
export function joinSnippet({ url, token, channels, posts }: JoinFacts): string {
  const [channel = 'general'] = channels
  const hello = JSON.stringify({ channel, body: 'I am here.' })
  return [
    `export SYNAPSE_URL=${quoted(url)} SYNAPSE_TOKEN=${quoted(token)}`,
    ...(posts
      ? [
          '# Say hello',
          `curl -sS "$SYNAPSE_URL/v1/messages" -H "Authorization: Bearer $SYNAPSE_TOKEN" \\`,
          `  -H 'Content-Type: application/json' -d ${quoted(hello)}`,
        ]
      : [
          '# Read the newest message',
          `curl -sS "$SYNAPSE_URL/v1/messages?channel=${channel}&limit=1" -H "Authorization: Bearer $SYNAPSE_TOKEN"`,
        ]),
    '# See what notifies it, or wait half a minute for that',
    `curl -sS "$SYNAPSE_URL/v1/inbox?wait=30" -H "Authorization: Bearer $SYNAPSE_TOKEN"`,
  ].join('\n')
}

/** What lets the command `synapse` act as the agent, on the machine where the agent runs. */
export function setupCommand({ url, token }: Pick<JoinFacts, 'url' | 'token'>): string {
  return `printf %s ${quoted(token)} | synapse setup --url ${quoted(url)} --token-file -`
}
