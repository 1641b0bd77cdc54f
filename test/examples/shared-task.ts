/**
 * A task that a person in a terminal, an agent over MCP, one behind `synapse watch` and one with curl finish together, as
 * docs/protocols/agents.md shows it. Run as a program, it writes the page anew: `bun test/examples/shared-task.ts`.
 */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Tools } from '../mcp/scene'
import { Site } from '../support/site'
import { freePort } from '../support/supervised'

export const PAGE = join(import.meta.dir, '../../docs/protocols/agents.md')
/** Between these lines stands what was printed. */
const [BEGIN, END] = ['<!-- transcript -->\n', '<!-- end -->']

/** What the tester runs for each batch of its inbox. */
const TESTER = `#!/bin/sh
while read -r item; do
  id=\${item##*'"message":{"id":"'}
  id=\${id%%'"'*}
  synapse post release --reply-to "$id" --key "tested-$id" "412 tests passed, 0 failed"
done
`

class Play implements AsyncDisposable {
  private readonly site = new Site()
  private readonly lines: string[] = []
  private readonly bin = join(this.site.directory, 'bin')
  private watcher: Bun.Subprocess | undefined
  private url = ''

  /** What was printed, with its headings. */
  get text(): string {
    return this.lines.join('\n')
  }

  async run(): Promise<void> {
    const server = await this.site.serveWith({ SYNAPSE_PORT: String(freePort()) })
    this.url = server.url
    mkdirSync(this.bin)
    const program = this.site.program.map((word) => `'${word}'`).join(' ')
    writeFileSync(join(this.bin, 'synapse'), `#!/bin/sh\nexec ${program} "$@"\n`)
    writeFileSync(join(this.bin, 'run-tests.sh'), TESTER)
    for (const name of ['synapse', 'run-tests.sh']) chmodSync(join(this.bin, name), 0o755)
    await server.room('release')
    await server.operator.patch('/v1/admin/channels/release', { chain_limit: 6 })
    const ada = await this.desk('ada', await server.person('ada', 'release'))
    const tester = await this.desk('tester', await server.agent('tester', 'release'))
    const scout = await this.desk('scout', await server.agent('scout', 'release'))
    await using builder = await Tools.connect(server.url, await server.agent('builder', 'release'))
    this.watch(tester)

    this.heading(
      'The builder is there',
      'The builder is a model with the MCP server of Synapse. It says that it is there, and for what.',
    )
    await this.tool(builder, 'synapse_status', { state: 'idle', note: 'I mend the proxy code' })
    this.heading('Ada asks', 'Ada is a person in a terminal. `synapse setup` has saved her token.')
    await this.shell(
      ada,
      'synapse post release "@builder the socket closes after 30 s behind nginx. Can you mend it?"',
    )
    this.heading(
      'The builder takes it',
      'The builder looks into its inbox, claims what it is going to change, and says so.',
    )
    const { items } = await this.tool(builder, 'synapse_inbox', {})
    const question = (items as { message: { id: string } }[])[0]?.message.id ?? ''
    await this.tool(builder, 'synapse_claim', {
      action: 'acquire',
      resource: 'file:src/ws.ts',
      note: 'Pings for the proxy',
    })
    await this.tool(builder, 'synapse_post', {
      channel: 'release',
      reply_to: question,
      body: 'I look at src/ws.ts.',
    })
    this.heading(
      'The scout finds it taken',
      'The scout is a script with curl. It wanted the same file, learns who has it, and leaves what it knows.',
    )
    await this.shell(
      scout,
      `curl -sS -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '{"resource": "file:src/ws.ts"}' "$URL/v1/claims"`,
    )
    await this.shell(
      scout,
      `curl -sS -o answer.json -w '%{http_code}\\n' -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '{"channel": "release", "body": "nginx closes what is idle for 30 s; our pings come every 60 s", "reply_to": "${question}"}' "$URL/v1/messages"`,
    )
    this.heading(
      'The builder works, and has it tested',
      'The tester is `synapse watch --reason mention --exec run-tests.sh`. Its command answers each item in the thread; when it has ended, the items are acknowledged.',
    )
    const order = await this.tool(builder, 'synapse_post', {
      channel: 'release',
      reply_to: question,
      body: '@tester please test the branch ws-ping',
    })
    await this.tool(builder, 'synapse_await', {
      channel: 'release',
      from: 'tester',
      since: String(order.cursor),
      timeout: 25,
    })
    this.heading(
      'A person decides',
      'The builder may not deploy by itself. It asks, and waits; Ada sees the question and answers.',
    )
    const asked = await this.tool(builder, 'synapse_post', {
      channel: 'release',
      body: 'Deploy ws-ping to staging?',
      options: ['Deploy', 'Not now'],
      reply_to: question,
    })
    const approval = (asked.approval as { id: string }).id
    await this.shell(ada, 'synapse inbox')
    await this.shell(ada, 'synapse decide')
    await this.shell(ada, `synapse decide ${approval.slice(-6)} Deploy --note "Staging only"`)
    await this.tool(builder, 'synapse_await', { approval_id: approval })
    this.heading('The builder ends it', 'It reports, gives the file free, and acknowledges its inbox.')
    await this.tool(builder, 'synapse_post', {
      channel: 'release',
      reply_to: question,
      body: 'Done: pings every 20 s, deployed to staging.',
    })
    await this.tool(builder, 'synapse_claim', {
      action: 'release',
      resource: 'file:src/ws.ts',
      outcome: 'done',
    })
    const inbox = await this.tool(builder, 'synapse_inbox', {})
    await this.tool(builder, 'synapse_ack', { cursor: inbox.cursor })
    this.heading('Ada reads the end', 'Her question was answered, so it counts as acknowledged.')
    await this.shell(
      ada,
      `curl -sS -H "Authorization: Bearer $TOKEN" "$URL/v1/messages/${question}/deliveries"`,
    )
    await this.shell(ada, 'synapse check --channel release')
    await this.shell(ada, 'synapse inbox')
    await this.shell(ada, 'synapse ack')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.watcher?.kill('SIGTERM')
    await this.watcher?.exited
    await this.site[Symbol.asyncDispose]()
  }

  private async desk(handle: string, token: string): Promise<Record<string, string>> {
    const home = join(this.site.directory, handle)
    mkdirSync(join(home, '.synapse'), { recursive: true, mode: 0o700 })
    writeFileSync(join(home, '.synapse', `${handle}.token`), token, { mode: 0o600 })
    writeFileSync(
      join(home, '.synapse', 'synapse.toml'),
      `[synapse]\nbase_url = "${this.url}"\nhandle = "${handle}"\n`,
    )
    return {
      ...this.site.environment,
      HOME: home,
      PATH: `${this.bin}:${process.env.PATH}`,
      URL: this.url,
      TOKEN: token,
    }
  }

  private watch(env: Record<string, string>): void {
    const cmd = ['synapse', 'watch', '--reason', 'mention', '--exec', 'run-tests.sh']
    this.watcher = Bun.spawn([join(this.bin, 'synapse'), ...cmd.slice(1)], {
      cwd: env.HOME ?? '',
      env,
      stdin: 'ignore',
      stdout: 'ignore',
      stderr: 'ignore',
    })
    this.site.remember(this.watcher.pid)
  }

  private heading(title: string, text: string): void {
    this.lines.push(`### ${title}`, '', ...wrapped(text), '')
  }

  /** Runs a line at a terminal. Returns what it printed. */
  private async shell(env: Record<string, string>, line: string): Promise<string> {
    let shown = ''
    const child = Bun.spawn(['sh', '-c', line], {
      cwd: env.HOME ?? '',
      env: { ...env, NO_COLOR: '1', TZ: 'UTC' },
      terminal: { cols: 118, data: (_, data) => (shown += new TextDecoder().decode(data)) },
    })
    this.site.remember(child.pid)
    const code = await child.exited
    const text = shown.replaceAll('\r\n', '\n').trimEnd()
    if (code !== 0) throw new Error(`${line} ended with ${code}: ${text}`)
    this.block(`$ ${line}`, text)
    return text
  }

  private async tool(
    tools: Tools,
    name: string,
    given: Record<string, unknown>,
  ): Promise<Record<string, unknown>> {
    const { isError, text, structured } = await tools.call(name, given as never)
    if (isError) throw new Error(`${name}: ${text}`)
    this.block(`${name} ${JSON.stringify(given)}`, text)
    return structured
  }

  private block(asked: string, answered: string): void {
    this.lines.push('```', asked, ...(answered === '' ? [] : [answered]), '```', '')
  }
}

function wrapped(text: string): string[] {
  const lines: string[] = ['']
  for (const word of text.split(' ')) {
    const line = `${lines.at(-1)} ${word}`.trimStart()
    if (line.length > 125) lines.push(word)
    else lines[lines.length - 1] = line
  }
  return lines
}

/** Plays the task on a new server. Returns what was printed. */
export async function played(): Promise<string> {
  await using play = new Play()
  await play.run()
  return play.text
}

/** Replaces what differs each time: ids, cursors, dates, times and ports. A line between two days is left out. */
export function comparable(text: string): string {
  return text
    .replaceAll(/^-- \w{3} \w{3} \d{2} \d{4} --\n/gm, '')
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'ID')
    .replaceAll(/\d{4}-\d{2}-\d{2}T[\d:.]+Z/g, 'TIME')
    .replaceAll(/\b\d{4}-\d{2}-\d{2}\b/g, 'DATE')
    .replaceAll(/\b\d{2}:\d{2}(?::\d{2})?\b/g, 'CLOCK')
    .replaceAll(/\bM[A-Za-z0-9_-]{30,}\b/g, 'CURSOR')
    .replaceAll(/\b[0-9a-f]{6}\b/g, 'END')
    .replaceAll(/\b(?:epoch|seq)"?:? ?\d+/g, 'NUMBER')
    .replaceAll(/127\.0\.0\.1:\d+/g, 'ADDRESS')
    .replaceAll(/\d+ (?:s|min|h)\b/g, 'SPAN')
    .replaceAll(/"request_id":"[^"]*"/g, 'REQUEST')
    .replaceAll(/ +/g, ' ')
    .trim()
}

/** The transcript on the page. */
export function shown(): string {
  const page = readFileSync(PAGE, 'utf8')
  return page.slice(page.indexOf(BEGIN) + BEGIN.length, page.indexOf(END)).trim()
}

if (import.meta.main) {
  const page = readFileSync(PAGE, 'utf8')
  const text = await played()
  writeFileSync(
    PAGE,
    `${page.slice(0, page.indexOf(BEGIN) + BEGIN.length)}\n${text}\n${page.slice(page.indexOf(END))}`,
  )
}
