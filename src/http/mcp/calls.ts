import { failureOf, renderError } from '../errors'
import { toolCalled } from './tools'
import { type Caller, Refusal, ToolVisit } from './tools/tool'

/** The calls of one request. */
export class ToolCalls {
  /** Headers of the answers of v1 that the answer to the whole request gets, too. */
  readonly headers = new Map<string, string>()

  constructor(private readonly caller: Caller) {}

  /** Runs a tool. An error is a result with `isError` and the error body of v1. @throws what is no refusal */
  async run(name: string, given: Readonly<Record<string, unknown>>) {
    const visit = new ToolVisit(this.caller, this.headers)
    try {
      const { check, run } = toolCalled(name)
      const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null))
      const { structured, text } = await run(visit, check(present) as never)
      return { content: [{ type: 'text' as const, text }], structuredContent: { ...structured } }
    } catch (error) {
      const body = this.errorBody(error, visit)
      const text = `${body.code}: ${wordsOf(body.detail)}`
      return { isError: true, content: [{ type: 'text' as const, text }], structuredContent: { ...body } }
    }
  }

  private errorBody(error: unknown, { hasAsked }: ToolVisit): Readonly<Record<string, unknown>> {
    if (error instanceof Refusal) return error.body
    let refused = error
    if (!hasAsked)
      try {
        this.caller.countRead()
      } catch (limit) {
        refused = limit
      }
    const failure = failureOf(refused)
    if (failure.isFault) this.caller.report(refused)
    return JSON.parse(renderError(failure, this.caller.context.requestId).body)
  }
}

function wordsOf(detail: unknown): string {
  if (!Array.isArray(detail)) return String(detail)
  return detail.map(({ loc, msg }) => `${loc.slice(1).join('.')}: ${msg}`).join('; ')
}
