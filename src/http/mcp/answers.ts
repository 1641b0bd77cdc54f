import { isObject } from '../schema'

const INTERNAL_ERROR = -32603
const INVALID_PARAMS = -32602

interface RpcAnswer {
  readonly error?: { readonly code: number; readonly message: string }
}

/**
 * Returns an answer of the SDK. Parameters of the wrong shape are an internal error to the SDK, with the issues as its
 * text; here they are the fault of the caller. @throws the fault behind any other internal error, which is logged
 */
export async function checkedAnswer(response: Response, faults: readonly Error[]): Promise<Response> {
  const { status, headers } = response
  if (status >= 500) throw faults[0] ?? new Error(`the MCP SDK answered with ${status}`)
  if (!headers.get('content-type')?.startsWith('application/json')) return response
  const text = await response.text()
  if (!text.includes(`"code":${INTERNAL_ERROR}`)) return new Response(text, { status, headers })
  // What the SDK renders is JSON-RPC.
  const found = JSON.parse(text) as RpcAnswer | readonly RpcAnswer[]
  const answers = Array.isArray(found) ? found.map(corrected) : corrected(found as RpcAnswer)
  return new Response(JSON.stringify(answers), { status, headers })
}

function corrected(answer: RpcAnswer): RpcAnswer {
  if (answer.error?.code !== INTERNAL_ERROR) return answer
  const issues = issuesIn(answer.error.message)
  if (issues === undefined) throw new Error('the MCP SDK answered with an internal error')
  return { ...answer, error: { code: INVALID_PARAMS, message: `Invalid params: ${issues.join('; ')}` } }
}

/** Reads a list of issues in JSON; undefined if the text is none. */
function issuesIn(text: string): string[] | undefined {
  try {
    const found: unknown = JSON.parse(text)
    if (!Array.isArray(found)) return undefined
    return found.filter(isObject).map(({ path, message }) => `${[path].flat().join('.')}: ${message}`)
  } catch {
    return undefined
  }
}
