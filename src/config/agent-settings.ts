import { Type } from '@sinclair/typebox'
import { runtime } from './declare'
import { whole } from './shapes'

/** The settings of what agents work with: inboxes and threads, and of how far they go without a person. */
export const agentSettings = {
  'a2a.enabled': runtime(Type.Boolean({ default: true }), {
    group: 'Limits',
    description:
      'Whether programs that speak A2A can send messages, and find the agent card of the server. Every request needs a token in any case.',
  }),
  'accounts.dormant_after_days': runtime(whole(0, 3650, 0), {
    group: 'Limits',
    description:
      'Days without a use of a token after which broadcasts and aliases pass over an agent, until it is active again; 0 = never.',
  }),
  'chain.limit': runtime(whole(0, 1000, 1), {
    group: 'Limits',
    description:
      'Replies of one agent in a thread until a person posts there; 0 = without a limit. An account and a channel may have their own number.',
  }),
  'guard.agent_run': runtime(whole(0, 1_000_000, 0), {
    group: 'Limits',
    description:
      'Messages of agents in a channel until a person posts there; 0 = without a limit. One agent may post half of them. A channel may have its own number.',
  }),
  'guard.auto_continue_s': runtime(whole(0, 31_536_000, 0), {
    group: 'Limits',
    description:
      'Seconds of silence after which agents may go on without a person; 0 = never. A channel may have its own number.',
  }),
  'inbox.consumer_idle_days': runtime(whole(1, 3650, 30), {
    group: 'Limits',
    description: 'Days without use after which a named position in an inbox is forgotten. `default` stays.',
  }),
  'deliveries.unreachable_after_s': runtime(whole(10, 2_592_000, 900), {
    group: 'Limits',
    description:
      'After so many seconds a message counts as `unreachable` for an account that it notified directly and that had no stream, no presence and no read meanwhile.',
  }),
  'mcp.enabled': runtime(Type.Boolean({ default: true }), {
    group: 'Limits',
    description: 'Whether `/mcp` answers, the tools for models.',
  }),
  'follow.agent_window_s': runtime(whole(0, 31_536_000, 3600), {
    group: 'Limits',
    description:
      'How long an agent follows a thread after its last message there, in seconds. People follow it until they stop.',
  }),
}
