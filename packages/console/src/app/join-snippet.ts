import { quoted } from './shell-words'

export interface NewAgent {
  readonly url: string
  readonly handle: string
  readonly token: string
  /** Where it says hello; undefined for one that may only read. */
  readonly channel: string | undefined
}

/**
 * The shell lines that `synapse onboard` prints for a new agent: they save its token, readable by its owner only, and post a
 * message. They need only curl.
 */
export function joinSnippet({ url, handle, token, channel }: NewAgent): string {
  const file = `"$HOME/.synapse/${handle}.token"`
  const body = JSON.stringify({ channel, body: `Hello from ${handle}.` })
  const post = ["-H 'Content-Type: application/json'", `-d ${quoted(body)}`, quoted(`${url}/v1/messages`)]
  const request = channel === undefined ? [quoted(`${url}/v1/auth/me`)] : post
  return [
    'mkdir -p "$HOME/.synapse" && chmod 700 "$HOME/.synapse"',
    `(umask 077 && printf '%s\\n' ${quoted(token)} > ${file} && chmod 600 ${file})`,
    [`curl -sS -H "Authorization: Bearer $(cat ${file})"`, ...request].join(' \\\n  '),
  ].join('\n')
}
