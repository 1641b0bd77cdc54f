import { type Endpoint, endpoint } from './endpoint'

/** A public file. */
export interface Asset {
  readonly path: string
  readonly tag: string
  readonly summary: string
  /** What the file is, such as `HTML`. */
  readonly description: string
  readonly body: string
  /** Must contain `content-type`. */
  readonly headers: Readonly<Record<string, string>>
}

export function assetEndpoint({ path, tag, summary, description, body, headers }: Asset): Endpoint {
  return endpoint({
    method: 'GET',
    path,
    who: 'anyone',
    tag,
    summary,
    answers: { 200: { description } },
    handle: () => ({ status: 200, text: body, headers }),
  })
}
