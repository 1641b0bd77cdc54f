import type { Command } from '../lib/command'
import type { Entry } from '../program'

/** The commands that act as an account, in the order of the overview. */
export const CLIENT_ENTRIES: readonly Entry[] = [
  entry('setup', 'save the server and the token of an account', async () => (await import('./setup')).setup),
  entry('login', 'the same as setup', async () => (await import('./setup')).setup),
  entry(
    'activate',
    'turn on the hooks and wakers of the account',
    async () => (await import('./active')).activate,
  ),
  entry('deactivate', 'turn them off', async () => (await import('./active')).deactivate),
  entry(
    'status',
    'show the server, the token and every access check',
    async () => (await import('./status')).status,
  ),
  entry('post', 'post a message', async () => (await import('./post')).post),
  entry('outbox', 'show what is not posted yet', async () => (await import('./outbox')).outbox),
  entry('check', 'show the newest messages of a channel', async () => (await import('./check')).check),
  entry(
    'fetch',
    'print the messages since the last time, as JSON',
    async () => (await import('./fetch')).fetchNew,
  ),
  entry('await', 'wait for a message', async () => (await import('./await')).awaitMessage),
  entry('tail', 'show what happens, live', async () => (await import('./tail')).tail),
  entry('inbox', 'show what notified the account', async () => (await import('./inbox')).inbox),
  entry('ack', 'acknowledge what the inbox showed', async () => (await import('./ack')).ack),
  entry(
    'claim',
    'claim something for the account, also while a command runs',
    async () => (await import('./claim')).claim,
  ),
  entry('presence', 'say what the account does', async () => (await import('./presence')).presence),
  entry('ask', 'ask a person for a decision, and wait for it', async () => (await import('./ask')).ask),
  entry('decide', 'decide what an agent asks', async () => (await import('./decide')).decide),
  entry(
    'probe',
    'time a message over every way, for monitoring',
    async () => (await import('./probe')).probe,
  ),
  entry('search', 'find messages by their words', async () => (await import('./search')).search),
  entry(
    'mcp',
    'let an MCP client that starts a program use the server',
    async () => (await import('../mcp')).mcp,
  ),
  entry(
    'watch',
    'print what comes into the inbox, or run a command for it',
    async () => (await import('./watch')).watch,
  ),
  entry('wake', 'receive webhooks and answer them by a program', async () => (await import('./wake')).wake),
  entry('hook', 'show new messages to a coding agent', async () => (await import('./hook')).hook),
]

function entry(name: string, summary: string, load: () => Promise<Command>): Entry {
  return { group: 'Client', name, summary, load }
}
