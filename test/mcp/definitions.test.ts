// What a model pays for knowing the tools.
import { describe, expect, test } from 'bun:test'
import { Tiktoken } from 'js-tiktoken/lite'
import cl100k from 'js-tiktoken/ranks/cl100k_base'
import o200k from 'js-tiktoken/ranks/o200k_base'
import { definitions, INSTRUCTIONS } from '../../src/http/mcp/tools'

/** The contract allows 1,500. Tokenizers that are not public need up to a quarter more than these. */
const MOST_TOKENS = 1200

describe('the definitions of the tools', () => {
  test('all of them, with the instructions, stay far below 1,500 tokens', () => {
    const text = `${JSON.stringify(definitions)}${INSTRUCTIONS}`
    for (const ranks of [cl100k, o200k])
      expect(new Tiktoken(ranks).encode(text).length).toBeLessThan(MOST_TOKENS)
  })

  test('each says what it does, and each has a schema without references', () => {
    for (const { description, inputSchema } of definitions) {
      expect(description).toEndWith('.')
      expect(inputSchema.type).toBe('object')
      expect(JSON.stringify(inputSchema)).not.toContain('$ref')
    }
  })

  test('they say that an idle client is not woken over MCP, and what wakes it', () => {
    const { description } = definitions.find(({ name }) => name === 'synapse_await') ?? { description: '' }
    expect(description).toMatch(/not woken.*`synapse watch`.*webhook/)
  })
})
