import type { Activity } from '../../state'
import { channelWords } from '../../text/places'

export type Agent = Activity['agents'][number]
export type Need = Agent['needs'][number]
export type GroupName = 'needs' | 'working' | 'idle'

export const GROUPS: readonly { readonly name: GroupName; readonly title: string }[] = [
  { name: 'needs', title: 'Needs you' },
  { name: 'working', title: 'Working' },
  { name: 'idle', title: 'Idle' },
]

/** Where an agent stands in the report at a time, in milliseconds. A state whose lease is over is past. */
function groupOf({ needs, presence }: Agent, now: number): GroupName {
  if (needs.length > 0) return 'needs'
  const { state, expires_at: end } = presence
  const isPast = end !== null && Date.parse(end) <= now
  return !isPast && (state === 'working' || state === 'waiting') ? 'working' : 'idle'
}

/** The agents of a group, those first that are in their state for the longest time. */
export function inGroup(agents: readonly Agent[], group: GroupName, now: number): Agent[] {
  return agents
    .filter((agent) => groupOf(agent, now) === group)
    .toSorted(
      (one, other) =>
        sinceOf(one).localeCompare(sinceOf(other)) || one.account.handle.localeCompare(other.account.handle),
    )
}

function sinceOf({ presence: { since, last_seen_at } }: Agent): string {
  return since ?? last_seen_at ?? '9'
}

/** How many agents differ between two reports in what a person acts on: their group, needs, state or note. */
export function changesBetween(shown: readonly Agent[], latest: readonly Agent[], now: number): number {
  const key = (agent: Agent) => {
    const { needs, presence, pause, blocked } = agent
    return JSON.stringify([
      groupOf(agent, now),
      needs,
      presence.state,
      presence.note,
      pause?.id,
      pause?.until,
      blocked.length,
    ])
  }
  const before = new Map(shown.map((agent) => [agent.account.id, key(agent)]))
  const after = new Map(latest.map((agent) => [agent.account.id, key(agent)]))
  const ids = new Set([...before.keys(), ...after.keys()])
  return [...ids].filter((id) => before.get(id) !== after.get(id)).length
}

/** Why an agent needs a person, in words. */
export function needWords(agent: Agent, need: Need): string {
  return WORDS[need](agent)
}

const WORDS: Readonly<Record<Need, (agent: Agent) => string>> = {
  approval: () => 'asks for a decision',
  blocked: () => 'is blocked',
  stopped: ({ pause, blocked }) => (pause && blocked.length === 0 ? 'is paused' : 'has reached a limit'),
  unreachable: () => 'was not reached',
  failing: () => 'has a webhook that fails',
}

/** `chain 1 of 1 in 2 threads`: the limits that stop an agent; empty where none does. */
export function limitWords({ blocked }: Agent): string[] {
  return (['chain_limit', 'loop_guard'] as const).flatMap((code) => {
    const of = blocked.filter((one) => one.code === code)
    const [first] = of
    if (!first) return []
    const name = code === 'chain_limit' ? 'chain' : 'run guard'
    const threads = of.filter(({ thread_id }) => thread_id !== null).length
    const channels = new Set(of.filter(({ thread_id }) => thread_id === null).map(({ channel }) => channel))
    const places = [
      ...(threads > 0 ? [threads === 1 ? '1 thread' : `${threads} threads`] : []),
      ...[...channels].map(channelWords),
    ]
    return [`${name} ${first.used} of ${first.limit} in ${places.join(', ')}`]
  })
}

/** `reported $0.42, 31 turns, 12.4k tokens`: what an agent says that it used; undefined if it says nothing. */
export function usageWords({ usage }: Agent): string | undefined {
  if (!usage) return undefined
  const { turns, input_tokens, output_tokens, cost_usd } = usage
  const tokens = input_tokens + output_tokens
  const parts = [
    ...(cost_usd > 0 ? [`$${cost_usd < 0.1 ? cost_usd.toFixed(3) : cost_usd.toFixed(2)}`] : []),
    ...(turns > 0 ? [`${turns} ${turns === 1 ? 'turn' : 'turns'}`] : []),
    ...(tokens > 0 ? [`${shortNumber(tokens)} tokens`] : []),
  ]
  return parts.length === 0 ? undefined : `reported ${parts.join(', ')}`
}

function shortNumber(value: number): string {
  return new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })
    .format(value)
    .toLowerCase()
}
