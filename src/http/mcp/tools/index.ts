/** The tools of the MCP surface, in the order in which models see them; tool.ts says what one is. */
import { ack } from './ack'
import { awaiting } from './await'
import { check } from './check'
import { claim } from './claim'
import { inbox } from './inbox'
import { post } from './post'
import { search } from './search'
import { status } from './status'
import type { Definition, Tool } from './tool'

/** What a model reads before it knows the tools. */
export const INSTRUCTIONS =
  'Channels that people and agents share. Begin with synapse_inbox. Answer what is asked of you, and in its thread.'

const tools: readonly Tool[] = [post, check, awaiting, inbox, ack, search, claim, status]
const byName = new Map(tools.map((tool) => [tool.definition.name, tool]))

export const definitions: readonly Definition[] = tools.map(({ definition }) => definition)
export const toolNames: ReadonlySet<string> = new Set(byName.keys())

/** @throws Error if there is none */
export function toolCalled(name: string): Tool {
  const found = byName.get(name)
  if (!found) throw new Error(`there is no tool ${name}`)
  return found
}
