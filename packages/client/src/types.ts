import type { components, paths } from './api'

/** What the server calls the shapes of its answers. */
type Shapes = components['schemas']
export type Message = Shapes['Message']
export type PostedMessage = Shapes['PostedMessage']
export type Attachment = Shapes['Attachment']
export type Approval = Shapes['Approval']
export type Decision = NonNullable<Approval['decision']>
export type Claim = Shapes['Claim']
export type Presence = Shapes['Presence']
export type Pause = Shapes['Pause']
export type InboxItem = Shapes['InboxItem']
export type InboxPage = Shapes['InboxPage']
export type AccountRef = Shapes['AccountRef']

type Method = 'get' | 'put' | 'post' | 'delete' | 'patch'

/** Every endpoint that the server describes: `GET /v1/messages/{id}`. */
export type Route = {
  [Path in keyof paths]: {
    [Verb in Method]: paths[Path][Verb] extends { responses: unknown }
      ? `${Uppercase<Verb>} ${Path & string}`
      : never
  }[Method]
}[keyof paths]

type Operation<Name extends Route> = Name extends `${infer Verb} ${infer Path}`
  ? Path extends keyof paths
    ? Lowercase<Verb> extends keyof paths[Path]
      ? paths[Path][Lowercase<Verb>]
      : never
    : never
  : never

type Parameters<Name extends Route> =
  Operation<Name> extends { parameters: infer All } ? All : Record<string, never>

type PathOf<Name extends Route> =
  Parameters<Name> extends { path: infer Path } ? { path: Path } : { path?: never }

type QueryOf<Name extends Route> =
  Parameters<Name> extends { query: infer Query }
    ? { query: Query }
    : Parameters<Name> extends { query?: infer Query }
      ? { query?: Query }
      : { query?: never }

/** A body that is sent as it is. */
export type Raw = ArrayBuffer | ArrayBufferView | Blob | ReadableStream<Uint8Array>

type BodyOf<Name extends Route> =
  Operation<Name> extends { requestBody: { content: infer Content } }
    ? Content extends { 'application/json': infer Body }
      ? { body: Body }
      : { body: Raw }
    : { body?: never }

/** What a request of an endpoint takes. */
export type RequestOptions<Name extends Route> = PathOf<Name> &
  QueryOf<Name> &
  BodyOf<Name> & {
    readonly signal?: AbortSignal
    /** Makes a POST happen once; a new one by default. */
    readonly key?: string
    readonly headers?: Readonly<Record<string, string>>
  }

type Success = 200 | 201 | 202 | 204 | 207
type ValueOf<Answer> = Answer extends { content: { 'application/json': infer Value } } ? Value : Response

/** What an endpoint answers: JSON as a value, 204 as undefined, everything else as the Response. */
export type AnswerTo<Name extends Route> =
  Operation<Name> extends { responses: infer All }
    ? {
        [Status in keyof All & Success]: Status extends 204 ? undefined : ValueOf<All[Status]>
      }[keyof All & Success]
    : never

/** The second argument may be left out where nothing in it is required. */
export type Rest<Name extends Route> =
  Record<string, never> extends RequestOptions<Name>
    ? [options?: RequestOptions<Name>]
    : [options: RequestOptions<Name>]
