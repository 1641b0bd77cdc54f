import type { TObject, TSchema } from '@sinclair/typebox'
import type { Person } from '../../../core/identity/actor'
import type { Clock } from '../../../core/kernel/time'
import { ValidationError } from '../../errors'
import type { InsideCall, RequestContext } from '../../request-context'
import { type Static, Type } from '../../schema'
import { type Validator, validator } from '../../validation'

/** The longest wait of a tool: clients of MCP give up on a call that takes much longer. */
const MAX_WAIT_SECONDS = 25

/** What a tool answers: the same for programs and in words. */
export interface ToolResult {
  readonly structured: Readonly<Record<string, unknown>>
  readonly text: string
}

/** The definition that models see. */
export interface Definition {
  readonly name: string
  readonly description: string
  readonly inputSchema: TSchema & { readonly type: 'object' }
  readonly annotations?: { readonly readOnlyHint: true }
}

export interface Tool {
  readonly definition: Definition
  readonly check: Validator
  readonly run: (visit: ToolVisit, given: never) => Promise<ToolResult>
}

/** Declares a tool. Arguments that are null count as absent. */
export function tool<Given extends TObject['properties']>(spec: {
  readonly name: string
  readonly description: string
  readonly given: Given
  readonly readOnly?: true
  readonly run: (visit: ToolVisit, given: Static<TObject<Given>>) => Promise<ToolResult>
}): Tool {
  const { name, description, readOnly, run } = spec
  const schema = Type.Object(spec.given)
  const annotations = readOnly ? { annotations: { readOnlyHint: true } as const } : {}
  return {
    definition: { name, description, inputSchema: schema, ...annotations },
    check: validator(schema, 'body'),
    // `check` has decided that the arguments have this type.
    run: run as Tool['run'],
  }
}

/** An error answer of v1. */
export class Refusal extends Error {
  override readonly name = 'Refusal'

  constructor(readonly body: Readonly<Record<string, unknown>>) {
    super('v1 refused a request of a tool')
  }
}

/** Who calls tools, in one request. */
export interface Caller {
  readonly context: RequestContext
  readonly actor: Person
  readonly retryKey: string | null
  /** Counts a call that makes no request. @throws rate_limited */
  readonly countRead: () => void
  /** Reports a fault of a tool. */
  readonly report: (fault: unknown) => void
}

type Request = Omit<InsideCall, 'method' | 'path' | 'through'>

/** One call of a tool: its caller, and the requests that it makes. */
export class ToolVisit {
  hasAsked = false

  constructor(
    private readonly caller: Caller,
    private readonly headers: Map<string, string>,
  ) {}

  get actor(): Person {
    return this.caller.actor
  }

  get clock(): Pick<Clock, 'steady'> {
    return this.caller.context.of.core.clock
  }

  /** The `Idempotency-Key` of the request, for the one act of the tool that needs it. */
  get retryKey(): string | null {
    return this.caller.retryKey
  }

  /** Makes a request to v1 and returns the JSON of its answer, null without one. @throws Refusal */
  async ask<Answer>(method: InsideCall['method'], path: string, request: Request = {}): Promise<Answer> {
    this.hasAsked = true
    const response = await this.caller.context.call({ method, path, ...request, through: 'mcp' })
    for (const [name, value] of response.headers) if (isPassedOn(name)) this.headers.set(name, value)
    const text = await response.text()
    // The declaration of the endpoint says what it answers.
    const body = (text === '' ? null : JSON.parse(text)) as Answer
    if (response.status >= 400) throw new Refusal(body as Readonly<Record<string, unknown>>)
    return body
  }
}

function isPassedOn(header: string): boolean {
  return header.startsWith('ratelimit') || header === 'idempotent-replayed'
}

/** The seconds that a tool waits: at most MAX_WAIT_SECONDS, also if more were asked for. */
export function waitOf(seconds: number): number {
  return Math.min(seconds, MAX_WAIT_SECONDS)
}

/** @returns the error for arguments that do not go together. */
export function badArgument(name: string, problem: string): ValidationError {
  const msg = `Value error, ${problem}`
  return new ValidationError([{ type: 'value_error', loc: ['body', name], msg, input: null }])
}

/** Removes the sign of a channel. */
export function slugIn(text: string): string {
  return text.replace(/^#/, '')
}

/** Removes the sign of an account. */
export function handleIn(text: string): string {
  return text.replace(/^@/, '')
}
