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
  [/^(?:SYNAPSE_DOMAIN=\S+ )?docker /, 'needs Docker: deploy.test.ts'],
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
  [/^synapse reset/, 'ends everything: test/cli/reset.test.ts'],
]

/** What a line needs that its page does not create, by the beginning of the line. */
const GIVEN: readonly (readonly [line: string, before: string])[] = [
  ['synapse set-role', 'synapse add-member cairn family-ops'],
  ['synapse pair --device phone-ada --url', 'synapse add-account --kind human --handle ada || true'],
  [
    'synapse pair revoke phone-ada',
    'synapse pair --device phone-ada --account ada --url http://192.168.1.20:8080',
  ],
  ['synapse set-admin clint', 'synapse add-account --kind human --handle clint || true'],
  ['synapse drain start', 'synapse serve --daemon || true'],
  ['synapse unset-admin clint', 'synapse set-admin clint'],
  ['synapse backup restore', 'synapse serve --stop || true'],
  ['curl --unix-socket', 'synapse serve --daemon'],
]

/** Replacements for names that differ each time, and for the answer to a question. */
const STANDS_FOR: readonly (readonly [string, string])[] = [
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
  { file: 'docs/operating.md', before: SERVED.slice(1), from: 'Start, stop, look' },
  { file: 'docs/cli.md', before: ['synapse serve --daemon', 'synapse add-channel general General'] },
  { file: 'docs/architecture.md', before: [] },
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
  expect(withBlocks.filter((file) => !PAGES.some((page) => page.file === file))).toEqual([])
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
