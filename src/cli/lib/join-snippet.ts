/** What an agent needs to begin. */
export interface JoinFacts {
  readonly url: string
  readonly handle: string
  readonly token: string
  /** Where it posts; absent for an agent that may not, which then reads who it is. */
  readonly channel?: string | undefined
}

/**
 * Shell lines for the agent's machine: they keep the token in `~/.synapse/<handle>.token`, for its owner alone, and
 * say hello. They work when pasted into sh, bash and zsh, and need nothing but curl. No comments: zsh would run them.
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

/** As one word of a POSIX shell, whatever is in it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
