/**
 * `synapse quickstart`: creates the first admin, a channel and an agent.
 * Start reading here; steps.ts makes the changes, text.ts prints what to do next.
 */

import { whereArgs, withClient } from '../admin'
import { lostToken } from '../admin/tokens'
import { UsageError } from '../lib/cli-error'
import { command, type Values } from '../lib/command'
import { type ChosenPassword, generatePassword, lostPassword } from '../lib/passwords'
import { ask, askNewPassword } from '../lib/prompt'
import { isInteractive, jsonOf, printOnce, styleOf } from '../lib/terminal'
import { findAccount, normalName } from '../lib/wire'
import { type Plan, quickstartSteps } from './steps'
import { quickstartFacts, quickstartText } from './text'

const args = {
  yes: {
    type: 'boolean',
    description: 'Ask nothing; use admin, general, assistant and a generated password as defaults',
  },
  admin: {
    type: 'string',
    valueHint: 'handle',
    description: 'Handle of the person who administers the server',
  },
  'display-name': { type: 'string', valueHint: 'text', description: 'Name to show for that person' },
  password: { type: 'string', valueHint: 'text', description: 'Password of that person' },
  channel: { type: 'string', valueHint: 'slug', description: 'Slug of the first channel' },
  agent: { type: 'string', valueHint: 'handle', description: 'Handle of the first agent' },
  ...whereArgs,
  json: { type: 'boolean', description: 'Print JSON instead of text' },
} as const

type Given = Values<typeof args>

/** The defaults. */
const USUAL = { admin: 'admin', channel: 'general', agent: 'assistant' } as const

export const quickstart = command({
  args,
  notes: [
    'Works before the first start of the server and while it runs. Safe to run again: existing accounts and channels are',
    'kept, and the agent gets another token. Prints shell lines to paste on the machine of the agent.',
  ],
  examples: [
    'synapse quickstart',
    'synapse quickstart --yes',
    'synapse quickstart --yes --admin clint --display-name "Clint" --channel family-ops --agent cairn',
  ],
  async run({ args: given }) {
    const plan = given.yes === true ? usualPlan(given) : await askedPlan(given)
    if (normalName(plan.admin) === normalName(plan.agent))
      throw new UsageError('--admin and --agent must be two different handles')
    const outcome = await withClient({ ...given, isFirst: true }, (client) => quickstartSteps(client, plan))
    const facts = quickstartFacts(outcome, given)
    const answer = given.json === true ? jsonOf(facts) : quickstartText(styleOf(process.stdout), facts)
    const { admin, agent, password } = outcome
    await printOnce(answer, [
      lostToken(given, agent.token_id),
      ...(password?.generated === true ? [lostPassword(admin.handle)] : []),
    ])
    return undefined
  },
})

function usualPlan({ admin, channel, agent, password, ...given }: Given): Plan {
  return {
    admin: admin ?? USUAL.admin,
    displayName: given['display-name'],
    password: password === undefined ? { password: generatePassword(), generated: true } : asGiven(password),
    channel: channel ?? USUAL.channel,
    agent: agent ?? USUAL.agent,
  }
}

async function askedPlan(given: Given): Promise<Plan> {
  const isComplete = [given.admin, given.channel, given.agent].every((value) => value !== undefined)
  if (isComplete && given.password !== undefined) return usualPlan(given)
  if (!isInteractive())
    throw new UsageError('quickstart asks for missing values, and there is no terminal to ask on', [
      'add --yes, or give --admin, --password, --channel and --agent',
    ])
  const admin = given.admin ?? (await ask('Your handle, the @name of the admin', USUAL.admin))
  const isNew = await withClient(
    { ...given, isFirst: true },
    async (client) => (await findAccount(client, admin)) === undefined,
  )
  return {
    admin,
    displayName:
      given['display-name'] ?? (isNew ? await ask('Your name, as others see it', admin) : undefined),
    password: isNew ? await newPassword(given, admin) : asGiven(given.password ?? ''),
    channel: given.channel ?? (await ask('The first channel', USUAL.channel)),
    agent: given.agent ?? (await ask('The first agent', USUAL.agent)),
  }
}

async function newPassword({ password }: Given, admin: string): Promise<ChosenPassword> {
  const chosen = password ?? (await askNewPassword(admin))
  return chosen === undefined ? { password: generatePassword(), generated: true } : asGiven(chosen)
}

function asGiven(password: string): ChosenPassword {
  return { password, generated: false }
}
