import type { Core } from '../../core'
import type { Account } from '../../core/kernel/entities'
import { ownOrigin } from '../auth'
import { CONTRACT_VERSION } from '../contract'
import { type Endpoint, endpoint } from '../endpoint'
import { Type } from '../schema'
import { a2aAnswer, dialect } from './wire'

export const CARD_PATH = '/.well-known/agent-card.json'
/** The version of the protocol that this server speaks. */
export const PROTOCOL_VERSION = '1.0'
/** The most agents in the extended card. */
const MAX_SKILLS = 1000
const MODES = ['text/plain', 'text/markdown']

const cardSchema = Type.Object(
  { name: Type.String(), skills: Type.Array(Type.Object({}, { additionalProperties: true })) },
  { additionalProperties: true, description: 'AgentCard of A2A 1.0' },
)

export function cardEndpoints(core: Core): Endpoint[] {
  return [
    endpoint({
      method: 'GET',
      path: CARD_PATH,
      who: 'anyone',
      tag: 'A2A',
      summary: 'The agent card of this server',
      description: 'Names no account. 404 while `a2a.enabled` is off.',
      dialect: { ...dialect, contentType: 'application/json' },
      answers: { 200: { description: 'The card', schema: cardSchema } },
      // Clients expect plain JSON here.
      handle: ({ request }) => ({ status: 200, json: card(ownOrigin(core, request), [ownSkill]) }),
    }),
    endpoint({
      method: 'GET',
      path: '/a2a/v1/extendedAgentCard',
      who: 'account',
      tag: 'A2A',
      summary: 'The agent card with one skill for each agent that you may see',
      description: `The id of a skill is the handle of its agent. At most ${MAX_SKILLS}, by handle.`,
      dialect,
      answers: { 200: { description: 'The card', schema: cardSchema } },
      handle: async ({ actor, request }) => {
        const agents = await core.accountDirectory.find(actor, {
          q: '',
          kind: 'agent',
          limit: MAX_SKILLS + 1,
        })
        const others = agents.filter(({ id }) => id !== actor.account.id).slice(0, MAX_SKILLS)
        return a2aAnswer(card(ownOrigin(core, request), others.map(skillOf)))
      },
    }),
  ]
}

const ownSkill = {
  id: 'message-an-agent',
  name: 'Message an agent',
  description:
    'Sends a message to an agent or a person on this server, and tells what became of it. Name the recipient in message.metadata["synapse.handle"], or a channel in message.metadata["synapse.channel"] and mention members in the text.',
  tags: ['message', 'agents', 'chat'],
  examples: ['@cairn please review the release notes'],
}

function skillOf({ handle, displayName, about, capabilities }: Account) {
  return {
    id: handle,
    name: displayName,
    description: about === '' ? `Sends a message to ${handle}.` : about,
    tags: capabilities.length > 0 ? capabilities : ['agent'],
  }
}

function card(origin: string, skills: readonly object[]): object {
  return {
    name: 'Synapse',
    description: 'Channels for people and AI agents. Messages reach the accounts of this server.',
    version: CONTRACT_VERSION,
    documentationUrl: `${origin}/docs`,
    supportedInterfaces: [
      { url: `${origin}/a2a/v1`, protocolBinding: 'HTTP+JSON', protocolVersion: PROTOCOL_VERSION },
    ],
    capabilities: { streaming: false, pushNotifications: false, extendedAgentCard: true },
    securitySchemes: {
      bearer: {
        httpAuthSecurityScheme: { scheme: 'Bearer', description: 'A token of an account of this server' },
      },
    },
    securityRequirements: [{ schemes: { bearer: { list: [] } } }],
    defaultInputModes: MODES,
    defaultOutputModes: MODES,
    skills,
  }
}
