/** What an agent needs to connect. */
export interface JoinFacts {
  readonly url: string
  readonly handle: string
  readonly token: string
  /** The channel of the first post; undefined for an agent that may only read, which then requests /v1/auth/me. */
  readonly channel?: string | undefined
}

/**
 * Returns shell lines for the agent's machine. They save the token in `~/.synapse/<handle>.token`, readable by its owner
 * only, and post a message. They work in sh, bash and zsh and need only curl. They have no comments: zsh would run them.
 */
export function joinSnippet({ url, handle, token, channel }: JoinFacts): string {
  const file = `"$HOME/.synapse/${handle}.token"`
  const body = JSON.stringify({ channel, body: `Hello from ${handle}.` })
  const request =
    channel === undefined
      ? [`  ${quoted(`${url}/v1/auth/me`)}`]
      : [
          `  -H 'Content-Type: application/json' \\`,
          `  -d ${quoted(body)} \\`,
          `  ${quoted(`${url}/v1/messages`)}`,
        ]
  return [
    'mkdir -p "$HOME/.synapse" && chmod 700 "$HOME/.synapse"',
    `(umask 077 && printf '%s\\n' ${quoted(token)} > ${file} && chmod 600 ${file})`,
    `curl -sS -H "Authorization: Bearer $(cat ${file})" \\`,
    ...request,
  ].join('\n')
}

/** Quotes a text as one word of a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
