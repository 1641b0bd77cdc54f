import { CliError } from '../lib/cli-error'
import { command } from '../lib/command'
import { EXIT, type ExitCode } from '../lib/exit-codes'
import { localMinute } from '../lib/table'
import { print, styleOf } from '../lib/terminal'
import { counted } from '../lib/text'
import { visible } from '../lib/visible'
import { failureOf } from './failure'
import { isActive, outboxPath } from './files'
import { type Client, clientArgs, clientOf, configOf, type Me, printWire } from './index'
import { Outbox } from './outbox'

type Verdict = 'ok' | 'warn' | 'fail'

/** One line of the report. */
interface Fact {
  readonly verdict: Verdict
  readonly text: string
  /** The command that mends it. */
  readonly fix?: string | undefined
  /** What the command ends with because of it. */
  readonly exit?: ExitCode
}

/** The most channels that are looked at. */
const AT_MOST = 50

export const status = command({
  args: clientArgs,
  notes: [
    'Shows the configuration, the server, the token and its scopes, and for every channel each access check that fails, with',
    'the command that mends it. Exit status 0 if nothing fails; else that of the first failure.',
  ],
  examples: ['synapse status', 'synapse status --handle assistant --json'],
  async run({ args }) {
    const facts: Fact[] = []
    for await (const fact of look(args)) {
      facts.push(fact)
      if (args.json !== true) show(fact)
    }
    if (args.json === true)
      printWire({
        facts: facts.map(({ verdict, text, fix }) => ({ status: verdict, text, fix: fix ?? null })),
      })
    return facts.find(({ verdict }) => verdict === 'fail')?.exit
  },
})

function show({ verdict, text, fix }: Fact): void {
  const { green, yellow, red, dim } = styleOf(process.stdout)
  const paint = { ok: green, warn: yellow, fail: red }[verdict]
  print(`${paint(verdict.padEnd(4))}  ${visible(text)}`)
  if (fix !== undefined) print(dim(`      ${visible(fix)}`))
}

async function* look(flags: Parameters<typeof configOf>[0]): AsyncGenerator<Fact, void> {
  const config = configOf(flags)
  yield ok(`configuration: ${config.file ?? 'flags and environment'}`)
  const { credential } = config
  if (credential?.isOpen)
    yield { verdict: 'warn', text: `others can read ${credential.from}`, fix: `chmod 600 ${credential.from}` }
  let client: Client
  let me: Me
  try {
    client = clientOf(config)
  } catch (error) {
    yield failed(error)
    return
  }
  if (config.handle !== undefined) yield* unsent(config.url, config.handle)
  try {
    me = await client.me()
  } catch (error) {
    yield failed(await failureOf(error, client))
    return
  }
  try {
    if (config.handle !== me.handle) yield* unsent(config.url, me.handle)
    yield* account(client, me)
    yield* channels(client, me.handle)
  } catch (error) {
    yield failed(await failureOf(error, client))
  }
}

function ok(text: string): Fact {
  return { verdict: 'ok', text }
}

/** Returns the line of an error that ends the report. Rethrows what is not for the person. */
function failed(error: unknown): Fact {
  if (!(error instanceof CliError)) throw error
  return { verdict: 'fail', text: error.message, fix: error.hints[0], exit: error.exitCode }
}

/** What the account wants to post, which shows while the server is away, too. */
function* unsent(url: string, handle: string): Generator<Fact, void> {
  using outbox = Outbox.openIfAny(outboxPath(handle), url)
  const { waiting = 0, failed = 0 } = outbox?.count() ?? {}
  if (failed > 0)
    yield {
      verdict: 'warn',
      text: `outbox: ${counted(failed, 'message')} could not be posted`,
      fix: 'synapse outbox --retry all',
    }
  if (waiting > 0)
    yield {
      verdict: 'warn',
      text: `outbox: ${counted(waiting, 'message')} waiting to be posted`,
      fix: 'synapse outbox --send',
    }
}

async function* account(client: Client, me: Me): AsyncGenerator<Fact, void> {
  const { config, synapse } = client
  const { version } = await synapse.request('GET /v1/server')
  yield ok(`server: ${config.url}, version ${version}`)
  const from = config.credential?.from ?? ''
  yield ok(`account: ${me.handle} (${me.kind}), by ${from}`)
  if (config.handle !== undefined && config.handle !== me.handle)
    yield {
      verdict: 'warn',
      text: `the token belongs to ${me.handle}, but the configuration says ${config.handle}`,
      fix: `synapse setup --url ${config.url} --token-file ${from}`,
    }
  yield me.scopes.length === 0
    ? { verdict: 'warn', text: 'the token has no scopes' }
    : ok(`scopes: ${me.scopes.join(', ')}`)
  if (me.expires_at !== null) yield ok(`the token expires at ${localMinute(me.expires_at)}`)
  if (me.warnings.includes('token_shared'))
    yield {
      verdict: 'warn',
      text: 'two programs use this token, and each misses what the other has acknowledged',
      fix: `synapse admin issue-token --account ${me.handle} …  # on the server, one for each program`,
    }
  yield isActive(me.handle)
    ? ok('hooks and wakers: active')
    : { verdict: 'warn', text: 'hooks and wakers: not active', fix: 'synapse activate' }
  const { pending } = await synapse.request('GET /v1/inbox', { query: { limit: 1 } })
  yield pending === 0
    ? ok('inbox: empty')
    : ok(`inbox: ${counted(pending, 'item')} waiting, see synapse inbox`)
}

async function* channels({ config, synapse }: Client, handle: string): AsyncGenerator<Fact, void> {
  const { channels: joined } = await synapse.request('GET /v1/channels')
  const slugs = joined.map(({ slug }) => slug)
  const wanted = config.channels.length > 0 ? config.channels : slugs
  if (wanted.length === 0)
    yield {
      verdict: 'warn',
      text: `${handle} is in no channel`,
      fix: `synapse admin add-member ${handle} <channel>  # on the server`,
    }
  for (const slug of wanted.slice(0, AT_MOST)) yield await access(synapse, slug)
  if (wanted.length > AT_MOST) yield ok(`${wanted.length - AT_MOST} more channels were not checked`)
  const left = slugs.filter((slug) => !wanted.includes(slug))
  if (left.length > 0)
    yield {
      verdict: 'warn',
      text: `channels in ${config.file} leaves out: ${left.map((slug) => `#${slug}`).join(', ')}`,
    }
}

/** Returns the access checks of a channel (docs/contract/authentication.md#access-checks). */
async function access(synapse: Client['synapse'], slug: string): Promise<Fact> {
  const found = await synapse.request('GET /v1/me/access', { query: { channel: slug } })
  const { visible: isVisible, archived, gates, fix: command } = found
  const fix = command === null ? undefined : `${command}  # on the server`
  const fail = (text: string): Fact => ({
    verdict: 'fail',
    text: `#${slug}: ${text}`,
    fix,
    exit: EXIT.credential,
  })
  if (!isVisible || gates === null) return { ...fail('no such channel, or not visible'), exit: EXIT.notFound }
  if (archived) return { ...fail('archived'), exit: EXIT.notFound }
  if (!gates.membership.ok) return fail('not a member (gate: membership)')
  if (!gates.scope.read) return fail('the token may not read (gate: scope)')
  if (!gates.scope.post) return { verdict: 'warn', text: `#${slug}: reads, may not post (gate: scope)`, fix }
  if (!gates.role.ok) return { verdict: 'warn', text: `#${slug}: reads, may not post (gate: role)`, fix }
  return ok(`#${slug}: reads and posts${gates.membership.role === null ? '' : `, ${gates.membership.role}`}`)
}
