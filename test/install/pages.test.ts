/**
 * Runs every shell block of the documentation as written, page by page, in order, in a home that starts empty. What
 * cannot run here is in CANNOT, with the reason; the four walkthroughs of docs/operating.md are in
 * walkthroughs.test.ts. GIVEN lists what a line of a reference page needs and the page does not create.
 */
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { blocksIn, linesOf, pageOf } from './blocks'
import { Box, canMakeBoxes } from './box'
import { anotherExecutable, CHECKOUT } from './release'

setDefaultTimeout(120_000)

/** What cannot run here, with the reason or the test that runs it. */
const CANNOT: readonly (readonly [RegExp, string])[] = [
  [/^(?:\.\/|sudo \.\/)install\.sh/, 'installs on this machine: system.test.ts, user.test.ts'],
  [/^sudo /, 'changes this machine: system.test.ts, caddy.test.ts'],
  [/^bin\//, 'fetches a toolchain: run by everybody who works on this'],
  [/^docker /, 'needs Docker: compose.test.ts, deploy.test.ts'],
  [/^(?:\.\/scripts\/|cp \.env\.example )/, 'is for a checkout with docker compose: compose.test.ts'],
  [/^SYNAPSE_DOMAIN=\S+(?: caddy .*)?$/, 'is for the service of Caddy: caddy.test.ts'],
  [
    /^(?:bun|PATH=|export|curl .* cookies\.txt)/,
    'goes on from bin/synapse, in a transcript: examples.test.ts',
  ],
  [
    /postgres(?:ql)?(?:\+psycopg)?:\/\/|^createdb|^pg_restore/,
    'needs a Postgres of that name: test/transfer, test/replicas',
  ],
  [/^litestream/, 'needs a bucket: test/backup/replication.test.ts'],
  [/\/mnt\/|\/tmp\/synapse\.db|sqlite:/, 'needs a file from elsewhere: test/backup, test/transfer'],
  [
    /^synapse serve(?: --(?:lan|memory|host|logs).*)?(?: +#.*)?$/,
    'does not end by itself: test/cli/serve.test.ts',
  ],
  [/^synapse serve --daemon --port/, 'a second server of the home: test/cli/serve.test.ts'],
  [/^synapse quickstart --yes --admin clint/, 'makes what the sections behind it make: quickstart.test.ts'],
  [
    /^synapse quickstart(?: +#.*)?$|^synapse set-password/,
    'asks at a terminal: test/cli/quickstart.test.ts, commands.test.ts',
  ],
  [/^synapse join /, 'needs a code of another server: test/cli/pairing.test.ts'],
  [/^synapse (?:discover|doctor --url)/, 'looks for servers elsewhere: test/discovery, test/doctor'],
  [/--home \/srv/, 'is about another home: test/cli'],
  [/^synapse epoch rotate/, 'is for a stopped server: test/backup/epoch.test.ts'],
  [/^synapse revoke-token --id/, 'names a token of another server: test/cli/commands.test.ts'],
  [/^synapse webhooks redeliver/, 'names a delivery of another server: test/cli/webhooks.test.ts'],
  [/^(?:synapse|claude) mcp /, 'needs an MCP client: test/mcp/bridge.test.ts'],
  [/^synapse mcp$/, 'needs an MCP client: test/mcp/bridge.test.ts'],
  [/^synapse reset/, 'ends everything: test/cli/reset.test.ts'],
  [/^synapse erase-account/, 'ends an account that later lines use: test/cli/commands.test.ts'],
  [
    /^synapse configsync (?:machine |snapshot |versions|action |env remove|token revoke|purge|export|import)/,
    'names what a client has stored, or asks: test/cli/configsync.test.ts, configsync-storage.test.ts',
  ],
  [
    /^synapse configsync migrate-store/,
    'needs a bucket and a stopped server: test/configsync/migrate-store.test.ts',
  ],
  [
    /chat\.example\.org|^synapse login|--token-file/,
    'is about another server, or asks: test/cli/client/setup.test.ts',
  ],
  [
    /^synapse ack|^synapse decide 6c7d8e|0190b2f4|MnwwMUp|report\.pdf|--body -$/,
    'names what another machine has: test/cli/client/messages.test.ts, inbox.test.ts',
  ],
  [
    /^synapse (?:watch|wake|tail|await|ask) ?|^synapse inbox --wait|^synapse claim task:/,
    'waits for others, or does not end by itself: test/cli/client',
  ],
  [
    /^synapse matrix (?:register|user deactivate|room block|room delete|media quarantine|media delete|key import)|--device KQJ/,
    'names what another homeserver has, or asks: test/cli/matrix.test.ts',
  ],
  [/^synapse configsync keypair/, 'is for a user with keys: test/cli/configsync.test.ts'],
]

/** Makes an account unless there is one: its generated password would be hashed before each of many lines. */
const person = (handle: string) =>
  `synapse list-accounts | grep -q '"${handle}"' || synapse add-account --kind human --handle ${handle}`

/** Makes this user a client, the account assistant, unless it is one. */
const CLIENT = [
  'if ! [ -f ~/.synapse/synapse.toml ]',
  'then for slug in general family-ops; do synapse add-channel $slug $slug || true; done',
  "synapse onboard-agent --handle assistant --channels general,family-ops --json | tr ',' '\\n'",
  '  | sed -n \'s/.*"token": *"\\([^"]*\\)".*/\\1/p\' > ~/token',
  'synapse setup --url http://localhost:8080 --token-file ~/token; fi',
]
  .join('\n')
  .replace(/\n {2}\|/, ' |')

/** What a line needs that its page does not create, by the beginning of the line. */
const GIVEN: readonly (readonly [line: string, before: string])[] = [
  ['synapse set-role', 'synapse add-member cairn family-ops'],
  ['synapse pair --device phone-ada --url', person('ada')],
  [
    'synapse pair revoke phone-ada',
    'synapse pair --device phone-ada --account ada --url http://192.168.1.20:8080',
  ],
  ['synapse configsync', `${person('ada')}; synapse configsync enable ada || true`],
  ['synapse set-admin clint', person('clint')],
  ['synapse matrix user', person('ada')],
  ['synapse matrix pushers ada', person('ada')],
  ['synapse matrix room make-admin', person('ada')],
  ['synapse matrix room show "#', 'synapse matrix alias add "#hall:example.org" general || true'],
  ['synapse matrix alias add', 'synapse matrix alias remove "#hall:example.org" || true'],
  ['synapse drain start', 'synapse serve --daemon || true'],
  ['synapse unset-admin clint', 'synapse set-admin clint'],
  ['synapse backup restore', 'synapse serve --stop || true'],
  ['curl --unix-socket', 'synapse serve --daemon'],
  ...[
    'setup --url http://localhost',
    'setup --hooks',
    'activate',
    'deactivate',
    'status',
    'post',
    'outbox',
    'check',
    'claim',
    'fetch',
    'inbox',
    'ack',
    'decide',
    'presence',
    'probe',
    'search',
  ].map((name) => [`synapse ${name}`, CLIENT] as const),
]

/** Replacements for names that differ each time, and for the answer to a question. */
const STANDS_FOR: readonly (readonly [string, string])[] = [
  [
    'synapse setup --url http://localhost:8080 --channels',
    'SYNAPSE_TOKEN=$(cat ~/token) synapse setup --url http://localhost:8080 --channels',
  ],
  // The client before it has made it.
  ['--topic "Everyday things"', '--topic "Everyday things" || synapse list-channels | grep -q family-ops'],
  [
    'synapse backup restore synapse-20261121T030000.000Z.db',
    'synapse backup restore --yes "$(ls ~/.local/state/synapse/backups/*/synapse-*.db | tail -n 1)"',
  ],
]

interface Page {
  readonly file: string
  /** What exists when the page begins. */
  readonly before: readonly string[]
  /** Only from this heading on. */
  readonly from?: string
}

const SERVED = ['synapse serve --daemon', 'synapse quickstart --yes --admin ada --agent cairn']
const PAGES: readonly Page[] = [
  { file: 'README.md', before: [] },
  { file: 'docs/install.md', before: [] },
  { file: 'docs/moving.md', before: SERVED },
  { file: 'docs/backup.md', before: SERVED },
  { file: 'docs/webhooks.md', before: SERVED },
  { file: 'docs/mcp.md', before: SERVED },
  { file: 'docs/wake.md', before: [...SERVED, CLIENT] },
  { file: 'docs/operating.md', before: SERVED.slice(1), from: 'Start, stop, look' },
  {
    file: 'docs/cli.md',
    before: [
      'synapse init && (umask 077; echo SYNAPSE_MATRIX_SERVER_NAME=example.org > "$(synapse config path)/synapse.env")',
      'synapse serve --daemon',
      'synapse add-channel general General',
    ],
  },
  { file: 'docs/architecture.md', before: [] },
]

/** Pages whose commands other tests run: protocol-page.test.ts and worked-pages.test.ts in test/examples, test/configsync/guide.test.ts. */
const ELSEWHERE = [
  'docs/protocols/v1.md',
  'docs/protocols/approvals.md',
  'docs/protocols/inbox.md',
  'docs/protocols/claims.md',
  'docs/protocols/chain.md',
  'docs/configsync.md',
  'docs/a2a.md',
]

const reasonOf = (line: string) => CANNOT.find(([pattern]) => pattern.test(line))?.[1]

/** The lines of a page that can run, each once. */
function runnable({ file, from }: Page): string[] {
  const text = pageOf(file)
  const start = from === undefined ? 0 : text.indexOf(`\n## ${from}\n`)
  if (start < 0) throw new Error(`${file} has no heading "${from}"`)
  const lines = blocksIn(text.slice(start)).flatMap(linesOf)
  return [
    ...new Set(lines.filter((line) => !line.trimStart().startsWith('#') && reasonOf(line) === undefined)),
  ]
}

test('every page with shell blocks is tested', () => {
  const all = readdirSync(join(CHECKOUT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`)
  const withBlocks = ['README.md', ...all].filter((file) => blocksIn(pageOf(file)).length > 0)
  const tested = [...ELSEWHERE, ...PAGES.map(({ file }) => file)]
  expect(withBlocks.filter((file) => !tested.includes(file))).toEqual([])
})

test('every exception matches a line of a page', () => {
  const lines = PAGES.flatMap(({ file }) => blocksIn(pageOf(file)).flatMap(linesOf))
  expect(CANNOT.filter(([pattern]) => !lines.some((line) => pattern.test(line)))).toEqual([])
  expect(GIVEN.filter(([start]) => !lines.some((line) => line.startsWith(start)))).toEqual([])
})

/** Compiled, because the pages have many commands and each takes ten times as long to start from source. */
const executable = () => (process.env.TEST_PROGRAM ? undefined : anotherExecutable())

const boxes = canMakeBoxes()
if (!boxes.can) console.log(`skipped: the commands of the pages: ${boxes.why}`)

describe.skipIf(!boxes.can)('the commands of the documentation', () => {
  test.each(PAGES.filter((page) => runnable(page).length > 0).map((page) => [page.file, page] as const))(
    'the commands of %s work as written',
    async (_, page) => {
      await using box = await Box.make(await executable())
      const failed: string[] = []
      const run = async (line: string) => {
        const given = GIVEN.filter(([start]) => line.startsWith(start)).map(([, before]) => before)
        const command = STANDS_FOR.reduce((text, [name, found]) => text.replaceAll(name, found), line)
        const { code, stderr } = await box.run([...given, command].join('\n'), {
          SYNAPSE_BACKUP_PASSPHRASE: 'correct horse battery staple',
        })
        // The findings of doctor do not matter here, only that it ran.
        const isWell = code === 0 || (line.startsWith('synapse doctor') && code <= 2)
        if (!isWell) failed.push(`${line}: ${code} ${stderr}`)
      }
      for (const line of [...page.before, ...runnable(page)]) await run(line)
      expect(failed).toEqual([])
    },
  )
})
