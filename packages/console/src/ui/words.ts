import { SynapseError } from '@synapse/client'

interface Words {
  readonly title: string
  readonly detail: string
  readonly fix?: string | undefined
  readonly requestId?: string | undefined
}

/** A number with its thousands apart: `1,204`. From `most` on it is as large or larger: `10,000+`. */
export function numberWords(count: number, most = Number.POSITIVE_INFINITY): string {
  return `${count.toLocaleString('en-US')}${count >= most ? '+' : ''}`
}

/** What an error says to a person. */
export function wordsOf(error: unknown): Words {
  if (!(error instanceof SynapseError))
    return { title: 'This page failed', detail: error instanceof Error ? error.message : String(error) }
  const { status, code, detail, requestId, body } = error
  if (status === 0)
    return { title: 'The server cannot be reached', detail: 'Check the network, or whether the server runs.' }
  const fix = typeof body.fix === 'string' ? body.fix : undefined
  const gate = typeof body.gate === 'string' ? ` The rule that refuses it: ${body.gate}.` : ''
  const title =
    status === 403
      ? 'You may not do this'
      : status === 404
        ? 'This does not exist'
        : status >= 500
          ? 'The server failed'
          : 'This did not work'
  return { title, detail: `${detail}.${gate} (${code})`.replace('..', '.'), fix, requestId }
}
