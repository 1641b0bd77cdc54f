/** The result of a command. */
export interface Finished {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Reads the output of a command until it ends. */
export async function finished(child: Bun.ReadableSubprocess): Promise<Finished> {
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  return { code, stdout, stderr }
}

/** The JSON on stdout of a command that must have succeeded. */
export function parsed<Answer>({ code, stdout, stderr }: Finished): Answer {
  if (code !== 0) throw new Error(`exit code ${code}: ${stderr}`)
  return JSON.parse(stdout) as Answer
}
