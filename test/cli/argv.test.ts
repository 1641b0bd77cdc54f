import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import { checkArgv } from '../../src/cli/lib/argv'
import { UsageError } from '../../src/cli/lib/cli-error'
import { cliDoc } from '../../src/cli/lib/docs'
import { parseDuration } from '../../src/cli/lib/duration'
import { EXIT, exitCodeOfStatus } from '../../src/cli/lib/exit-codes'
import { commandHelp } from '../../src/cli/lib/help'
import { ENTRIES } from '../../src/cli/program'
import { thrownBy } from '../home/temporary'
import { Site } from '../support/site'

// Every test starts programs, some of which wait for one another.
setDefaultTimeout(120_000)

const args = {
  handle: { type: 'positional', required: true },
  slug: { type: 'positional', required: false },
  name: { type: 'string' },
  'display-name': { type: 'string' },
  kind: { type: 'enum', options: ['human', 'agent'], required: true },
  admin: { type: 'boolean' },
} as const
const declared = { ...args, kind: { ...args.kind, options: [...args.kind.options] } }

describe('command lines that are accepted', () => {
  const good: [title: string, words: string[]][] = [
    ['a value after a flag', ['cairn', '--kind', 'human']],
    ['a value after an equals sign', ['cairn', '--kind=human', '--name=']],
    ['an equals sign in a value', ['cairn', '--kind=human', '--name=a=b']],
    ['flags before the arguments', ['--kind', 'human', 'cairn', 'ops']],
    ['a value that begins with one dash', ['cairn', '--kind', 'human', '--name', '-x']],
    ['a value that begins with two dashes after an equals sign', ['cairn', '--kind', 'human', '--name=--x']],
    ['a switch turned on or off', ['cairn', '--kind', 'human', '--admin', '--no-admin', '--admin=true']],
    ['arguments after two dashes', ['--kind', 'human', '--', '--handle', '-x']],
    ['a single dash as an argument', ['-', '--kind', 'human']],
  ]
  test.each(good)('a command line may contain %s', (_, words) => {
    checkArgv(words, declared)
  })

  test('a flag that takes several values may be repeated, and the last argument takes all further words', () => {
    const several = {
      resource: { type: 'positional', required: false },
      ttl: { type: 'string' },
      option: { type: 'string', several: true },
      command: { type: 'positional', required: false, several: true },
    } as const
    const words = ['file:a', '--option', 'yes', '--ttl=9', '--option=no', '--', 'make', '-j2', '--option']
    expect(checkArgv(words, several)).toEqual({ option: ['yes', 'no'], command: ['make', '-j2', '--option'] })
    expect(checkArgv([], several)).toEqual({ option: [], command: [] })
  })
})

describe('command lines that are refused', () => {
  const bad: [title: string, words: string[], message: string, hint: string][] = [
    ['an unknown flag', ['cairn', '--kind', 'human', '--nam', 'x'], 'unknown option --nam', '--name'],
    ['an unknown flag with a value', ['a', '--kind=human', '--knd=human'], 'unknown option --knd', '--kind'],
    ['the beginning of a flag', ['a', '--kind=human', '--disp=x'], 'unknown option --disp', '--display-name'],
    ['a short flag', ['cairn', '--kind', 'human', '-k'], 'unknown option -k', ''],
    [
      'a flag in camel case',
      ['a', '--kind=human', '--displayName=x'],
      'unknown option --displayName',
      '--display-name',
    ],
    [
      'the negation of a flag that is not a switch',
      ['a', '--kind=human', '--no-name'],
      'unknown option --no-name',
      '--name',
    ],
    ['a negated switch with a value', ['a', '--kind=human', '--no-admin=1'], '--no-admin takes no value', ''],
    ['a switch with a value', ['a', '--kind=human', '--admin=yes'], '--admin takes no value', ''],
    [
      'a flag without its value at the end',
      ['cairn', '--kind', 'human', '--name'],
      '--name needs a value',
      '',
    ],
    [
      'a flag without its value before another flag',
      ['cairn', '--name', '--kind', 'human'],
      '--name needs a value',
      '',
    ],
    ['a flag given twice', ['a', '--kind=human', '--name', 'a', '--name', 'b'], '--name is given twice', ''],
    ['a missing flag', ['cairn'], '--kind is missing', ''],
    ['a missing argument', ['--kind', 'human'], 'HANDLE is missing', ''],
    ['one argument too many', ['cairn', 'ops', 'more', '--kind', 'human'], "unexpected argument 'more'", ''],
    [
      'a value that is not one of the choices',
      ['cairn', '--kind', 'robot'],
      '--kind must be one of human, agent',
      '',
    ],
  ]
  test.each(bad)('a command line with %s is a usage error', (_, words, message, hint) => {
    const error = thrownBy(() => checkArgv(words, declared))
    expect(error).toBeInstanceOf(UsageError)
    const hints = hint === '' ? [] : [`did you mean ${hint}?`]
    expect(error).toMatchObject({ message, exitCode: 2, hints: expect.arrayContaining(hints) })
  })
})

describe('a duration', () => {
  const good: [text: string, ms: number][] = [
    ['30d', 2_592_000_000],
    ['12h', 43_200_000],
    ['1d12H', 129_600_000],
    ['45m', 2_700_000],
    ['2w', 1_209_600_000],
    ['36500d', 3_153_600_000_000],
  ]
  test.each(good)('the duration %s is %d ms', (text, ms) =>
    expect(parseDuration(text, '--expires-in')).toBe(ms),
  )
  test.each(['', '0d', '30', 'd', '30 days', '-1d', '1d x', '36500d1s', '999999999d', '999999999w'])(
    "'%s' is not a duration",
    (text) => {
      expect(thrownBy(() => parseDuration(text, '--expires-in'))).toBeInstanceOf(UsageError)
    },
  )
})

describe('every command', () => {
  const commands = Promise.all(ENTRIES.map(async (entry) => ({ entry, command: await entry.load() })))

  test('every command describes each of its arguments and accepts its own examples', async () => {
    for (const { entry, command } of await commands) {
      for (const [name, arg] of Object.entries(command.args))
        expect(`${entry.name} ${name}: ${arg.description ?? ''}`).not.toEndWith(': ')
      expect(command.examples.length).toBeGreaterThan(0)
      for (const example of command.examples) {
        // What follows is for the shell.
        const [typed = ''] = example.split(' > ')
        const words = shellWords(typed).slice(1)
        // The first word of a family can be a command as well: pair, pair list.
        const named = ENTRIES.filter(({ name }) => `${words.join(' ')} `.startsWith(`${name} `))
        // The command with the longest matching name is the one that is called.
        const called = named.toSorted((one, other) => other.name.length - one.name.length)[0]
        expect(called && (await called.load())).toBe(command)
        checkArgv(words.slice(called?.name.split(' ').length), command.args)
      }
    }
  })

  test('no line of the help of a command is wider than 120 columns', async () => {
    const plain = (text: string) => text
    const style = { bold: plain, dim: plain, green: plain, red: plain, yellow: plain, cyan: plain }
    for (const { entry, command } of await commands) {
      const wide = commandHelp(style, entry, command)
        .split('\n')
        .filter((line) => line.length > 120 && !command.examples.includes(line.trim()))
      expect({ name: entry.name, wide }).toEqual({ name: entry.name, wide: [] })
    }
  })

  test('every command has its section in docs/cli.md', () => {
    const sections = [...cliDoc().matchAll(/^### synapse (.+)$/gm)].map(([, name]) => name)
    expect(sections.sort()).toEqual(ENTRIES.map(({ name }) => name).sort())
  })

  test('every command takes --json, and every command that may use a server says which', async () => {
    for (const { entry, command } of await commands) {
      const needsNoServer =
        entry.group === 'Data' ||
        [
          'serve',
          'init',
          'join',
          'discover',
          'conformance',
          'config check',
          'config path',
          'configsync migrate-store',
        ].includes(entry.name)
      // What it prints is the protocol.
      if (entry.name === 'mcp') continue
      const isClient = entry.group === 'Client'
      const wanted = isClient
        ? ['url', 'handle', 'config', 'json']
        : needsNoServer
          ? ['json']
          : ['home', 'url', 'json']
      expect(Object.keys(command.args)).toEqual(expect.arrayContaining(wanted))
    }
  })
})

describe('exit codes', () => {
  test.each(['docs/contract/commands.md', 'docs/cli.md'])('%s lists each of them', async (file) => {
    const text = await Bun.file(join(import.meta.dir, '../..', file)).text()
    const listed = [...text.matchAll(/^\| (\d+) \| /gm)].map(([, code]) => Number(code))
    expect(listed).toEqual([...new Set(Object.values(EXIT))].sort((one, other) => one - other))
  })

  test.each([
    [[400, 413, 415, 422], EXIT.usage],
    [[401, 403], EXIT.credential],
    [[404], EXIT.notFound],
    [[409], EXIT.conflict],
    [[429], EXIT.rateLimited],
    [[502, 503, 504], EXIT.unreachable],
    [[410, 500, 507], EXIT.failure],
  ])('the statuses %j end a command alike', (statuses, code) => {
    for (const status of statuses)
      expect({ status, code: exitCodeOfStatus(status) }).toEqual({ status, code })
  })
})

describe('the program', () => {
  test('a wrong command line prints the correction on stderr and exits with 2', async () => {
    await using site = new Site()
    const lines: [words: string[], message: string][] = [
      [[], 'usage: synapse <command>'],
      [['admin'], 'usage: synapse admin <command>'],
      [['list-acounts'], 'did you mean list-accounts?'],
      [['admin', 'serve'], "unknown command 'serve'"],
      [['push'], "unknown command 'push'"],
      [['--frobnicate'], 'unknown option --frobnicate'],
      [['serve', '--lanx'], 'unknown option --lan'],
      [['serve', '--daemon', '--stop'], '--daemon and --stop cannot be used together'],
      [['serve', '--timeout', '3'], '--timeout goes with --stop'],
      [['add-account', '--handle', 'x'], 'usage: synapse add-account --kind <human|agent> --handle <name>'],
      [['add-channel', 'general'], '--name is missing'],
      [['add-channel', 'a', 'A', '--topic', 'x', '--description', 'y'], '--topic and --description'],
      [
        ['issue-token', '--account', 'a', '--scopes', 'x', '--expires-in', 'soon'],
        '--expires-in must be a duration',
      ],
      [['list-accounts', '--url', 'localhost:8080'], '--url must be the address'],
      [['quickstart'], 'add --yes'],
    ]
    const results = await Promise.all(lines.map(([words]) => site.run(...words)))
    for (const [index, [words, message]] of lines.entries()) {
      const { code, stdout, stderr } = results[index] ?? { code: -1, stdout: '', stderr: '' }
      expect({ words, code, stdout }).toEqual({ words, code: 2, stdout: '' })
      expect(stderr).toContain(message)
    }
  })

  test('help and version go to stdout, without colour unless stdout is a terminal', async () => {
    await using site = new Site()
    const lines: [words: string[], part: string][] = [
      [['--help'], 'quickstart'],
      [['admin', '--help'], 'add-account'],
      [['add-member', '--help'], 'synapse add-member cairn family-ops'],
      [['admin', 'add-member', '-h'], 'synapse add-member cairn family-ops'],
      [['help', 'serve'], '--allow-public-bind'],
      [['--version'], 'contract 1.0.0'],
      [['--version', '--json'], '"contract": "1.0.0"'],
    ]
    for (const [words, part] of lines) {
      const { code, stdout, stderr } = await site.run(...words)
      expect({ words, code, stderr }).toEqual({ words, code: 0, stderr: '' })
      expect(stdout).toContain(part)
      expect(stdout).not.toContain('\u001b')
    }
  })
})

/** The words of a line as a shell would split it, as far as the examples need it. */
function shellWords(line: string): string[] {
  return [...line.matchAll(/(?:[^\s"]|"[^"]*")+/g)].map(([word]) => word.replaceAll('"', ''))
}
