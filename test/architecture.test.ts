// The rules of docs/architecture.md that a test can check: which files import which, where the environment is read, how
// long a file may be. Every rule is data with its reason; an exception is named here with its own reason.
import { describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

interface Area {
  /** The files of this row; the first row that matches a file applies. */
  readonly files: string
  /** The files that they may import; `{surface}` stands for the file's own folder in src/http. */
  readonly imports: readonly string[]
  /** The files among `imports` that they may not import. */
  readonly except?: readonly string[]
  /** The files from which they may import types, in addition to `imports`. */
  readonly types?: readonly string[]
  /** The packages that they may import; `name/*` and `node:*` are prefixes, `*` is everything. */
  readonly packages: readonly string[]
  readonly because: string
}

const areas: readonly Area[] = [
  {
    files: 'src/main.ts',
    imports: [
      'src/app/**',
      'src/*/index.ts',
      'src/platform/**',
      'src/core/kernel/**',
      'src/core/log/catalogue.ts',
      'src/http/client.ts',
    ],
    types: ['src/http/listener.ts', 'src/http/surface.ts'],
    packages: [],
    because: 'it starts and stops a server; app/ composes its parts',
  },
  {
    files: 'src/app/compose.ts',
    imports: ['src/app/*.ts', 'src/*/index.ts', 'src/core/**', 'src/http/**', 'src/platform/**'],
    types: ['src/home/**'],
    packages: [],
    because: 'it composes core, hub and surfaces; main.ts handles the process',
  },
  {
    files: 'src/app/matrix.ts',
    imports: [
      'src/app/{matrix-metrics,version}.ts',
      'src/core/**',
      'src/http/matrix/**',
      'src/platform/matrix-*.ts',
    ],
    types: ['src/http/surface.ts'],
    packages: [],
    because: 'it composes the Matrix homeserver, which compose.ts loads only if a server name is set',
  },
  {
    files: 'src/app/surfaces.ts',
    imports: ['src/http/**'],
    packages: [],
    because: 'it is the list of surfaces, so it knows all of them and nothing else',
  },
  {
    files: 'src/platform/**',
    imports: ['src/platform/**', 'src/core/**'],
    packages: ['jose', 'entities', 'bun', 'node:*'],
    because: 'it implements ports of core with what the runtime provides, and does not know its callers',
  },
  {
    files: 'src/core/matrix/**',
    imports: ['src/core/**'],
    packages: [],
    because: 'the rules of Matrix are part of the core, and as free of protocol, database and runtime',
  },
  {
    files: 'src/core/**',
    imports: ['src/core/**'],
    except: ['src/core/matrix/**'],
    types: ['src/core/matrix/ports.ts'],
    packages: [],
    because:
      'core is the product; it must be readable and testable without a protocol, a database or a runtime, and a server without Matrix does not load core/matrix',
  },
  {
    files: 'src/config/**',
    imports: ['src/config/**', 'src/home/**', 'src/core/**', 'package.json'],
    packages: ['@sinclair/typebox', '@sinclair/typebox/*', 'node:*'],
    because: 'settings are declared before anything runs; they need only the path of the home',
  },
  {
    files: 'src/home/**',
    imports: ['src/home/**', 'src/core/**'],
    packages: ['@sinclair/typebox', '@sinclair/typebox/*', 'bun', 'bun:sqlite', 'node:*'],
    because: 'the data home is prepared and locked before a store or a server exists',
  },
  {
    files: 'src/store/**',
    imports: ['src/store/**', 'src/core/**', 'src/platform/worker-url.ts'],
    packages: ['drizzle-orm', 'drizzle-orm/*', 'postgres', 'bun', 'bun:sqlite', 'node:*'],
    because: 'storage keeps what core gives it; it knows neither its callers nor the receivers of events',
  },
  {
    files: 'src/blobs/**',
    imports: ['src/blobs/**', 'src/core/**'],
    packages: ['bun', 'node:*'],
    because:
      'it stores bytes for core as files or in a bucket that the operator configured; it knows no database',
  },
  {
    files: 'src/transfer/**',
    imports: ['src/transfer/**', 'src/store/**', 'src/core/**'],
    packages: ['drizzle-orm', 'drizzle-orm/*', 'postgres', 'bun', 'bun:sqlite', 'node:*'],
    because: 'a move knows the tables of two stores and no server; it gets locks and keys as arguments',
  },
  {
    files: 'src/app/build-ahead.ts',
    imports: ['src/core/kernel/turns.ts'],
    packages: [],
    because: 'it runs steps between the turns of other work, whatever they build',
  },
  {
    files: 'src/app/data-migration.ts',
    imports: ['src/*/index.ts', 'src/platform/encryption.ts', 'src/core/kernel/operator-error.ts'],
    packages: ['node:*'],
    because: 'it composes the move of data from one store to another',
  },
  {
    files: 'src/app/blob-migration.ts',
    imports: ['src/app/{blobs,data-migration}.ts', 'src/*/index.ts', 'src/core/kernel/*.ts'],
    packages: [],
    because: 'it composes the copy of blobs from one place to another',
  },
  {
    files: 'src/app/examine-database.ts',
    imports: ['src/*/index.ts', 'src/platform/shared-clock.ts', 'src/core/kernel/operator-error.ts'],
    packages: [],
    because: 'it examines a database for doctor with the same parts that a server uses',
  },
  {
    files: 'src/backup/**',
    imports: [
      'src/backup/**',
      'src/home/**',
      'src/core/**',
      'src/platform/worker-url.ts',
      'src/store/client-ids.ts',
      'src/store/migrations.ts',
      'src/store/store-state.ts',
      'src/store/store-error.ts',
      'src/store/sqlite/write-ahead-log.ts',
    ],
    packages: ['@sinclair/typebox', '@sinclair/typebox/*', 'bun', 'bun:sqlite', 'node:*'],
    because:
      'copies are files that must be readable without a server; only table names and store states are needed',
  },
  {
    files: 'src/app/backups.ts',
    imports: ['src/app/*.ts', 'src/*/index.ts', 'src/core/**', 'src/home/**', 'src/platform/logger.ts'],
    packages: ['node:*'],
    because: 'it composes making and restoring backups, for the server and for the commands',
  },
  {
    files: 'src/app/blobs.ts',
    imports: ['src/core/kernel/blobs.ts', 'src/*/index.ts', 'src/core/kernel/operator-error.ts'],
    types: ['src/home/**', 'src/platform/logger.ts'],
    packages: ['node:*'],
    because: 'it opens the blob store of a home, so it knows both',
  },
  {
    files: 'src/app/open-store.ts',
    imports: ['src/app/version.ts', 'src/*/index.ts', 'src/home/**', 'src/core/kernel/operator-error.ts'],
    types: ['src/platform/logger.ts'],
    packages: ['node:*'],
    because: 'it opens the store of a home, so it knows both',
  },
  {
    files: 'src/metrics/**',
    imports: ['src/metrics/**'],
    packages: [],
    because: 'counting does not depend on what is counted',
  },
  {
    files: 'src/app/{metrics,matrix-metrics}.ts',
    imports: ['src/metrics/index.ts'],
    packages: [],
    because: 'they name the metrics and get their values as arguments',
  },
  {
    files: 'src/app/version.ts',
    imports: ['package.json'],
    packages: [],
    because: 'the version is written in one place',
  },
  {
    files: 'src/discovery/**',
    imports: ['src/discovery/**', 'src/core/kernel/canonical-json.ts', 'src/core/kernel/text.ts'],
    packages: ['multicast-dns', 'node:*'],
    because:
      'finding servers works without a running server, also for the commands; it gets its data as arguments',
  },
  {
    files: 'src/app/mdns.ts',
    imports: ['src/discovery/index.ts', 'src/home/**'],
    types: ['src/**'],
    packages: ['node:*'],
    because: 'it decides when this server is announced; it gets the announcement and the store as arguments',
  },
  {
    files: 'src/app/listeners.ts',
    imports: ['src/*/index.ts', 'src/http/listen.ts', 'src/core/kernel/operator-error.ts'],
    types: ['src/http/listener.ts', 'src/http/server.ts', 'src/platform/logger.ts'],
    packages: [],
    because: 'it composes addresses and listeners; it gets what they serve as an argument',
  },
  {
    files: 'src/hub/**',
    imports: ['src/hub/**', 'src/core/**'],
    packages: ['bun', 'postgres', 'node:*'],
    because:
      'the hub carries events of core; it reaches the store through a port and connects to a bus itself',
  },
  {
    files: 'src/jobs/**',
    imports: ['src/jobs/**', 'src/core/**'],
    packages: ['bun', 'node:*'],
    because: 'background work calls core like any surface, and reaches the store through ports',
  },
  {
    files: 'src/http/*.ts',
    imports: ['src/http/*.ts', 'src/http/look.css', 'src/core/**', 'src/metrics/index.ts'],
    types: ['src/platform/logger.ts'],
    packages: [
      'elysia',
      'elysia/*',
      '@elysiajs/*',
      '@sinclair/typebox',
      '@sinclair/typebox/*',
      'bun',
      'node:*',
    ],
    because: 'the shared files of http serve every surface, so they know no surface and no store',
  },
  {
    files: 'src/http/mcp/**',
    imports: ['src/http/{surface}/**', 'src/http/*.ts', 'src/core/**'],
    packages: ['@modelcontextprotocol/server', '@sinclair/typebox', 'node:net'],
    because: 'the official SDK speaks the protocol of this surface; it is loaded by the first request',
  },
  {
    files: 'src/http/*/**',
    imports: ['src/http/{surface}/**', 'src/http/*.ts', 'src/core/**'],
    packages: [
      'elysia',
      'elysia/*',
      '@elysiajs/*',
      '@sinclair/typebox',
      '@sinclair/typebox/*',
      'bun',
      'node:*',
    ],
    because:
      'a surface only translates its protocol into calls of core; it can be added and removed as one folder',
  },
  {
    files: 'src/cli/**',
    imports: [
      'src/cli/**',
      'src/config/**',
      'src/home/**',
      'src/backup/index.ts',
      'src/platform/descriptors.ts',
      // What a terminal may be shown, and the errors that it shows.
      'src/core/kernel/text.ts',
      'src/core/kernel/operator-error.ts',
      'src/discovery/index.ts',
      // How metrics are written.
      'src/metrics/index.ts',
      'src/app/examine-database.ts',
      'src/app/blobs.ts',
      'src/app/backups.ts',
      'src/main.ts',
      'src/platform/memory.ts',
      'src/app/data-migration.ts',
      'src/app/blob-migration.ts',
      'src/app/version.ts',
      'package.json',
    ],
    types: ['src/core/**', 'src/http/**'],
    packages: ['citty', 'uqr', '@sinclair/typebox', '@synapse/client', 'bun', 'node:*'],
    because: 'the commands boot the server or send a running one the same requests as any client',
  },
  {
    files: 'packages/client/src/**',
    imports: ['packages/client/src/**'],
    packages: [],
    because: 'the client runs everywhere, so it depends on nothing, not on the server either',
  },
  {
    files: 'packages/console/src/state/**',
    imports: ['packages/console/src/state/**', 'packages/console/src/background.ts'],
    packages: ['@preact/signals', '@synapse/client'],
    because: 'the state of the console has no view, so that it is tested without a page',
  },
  {
    files: 'packages/console/src/**',
    imports: ['packages/console/src/**'],
    packages: [
      '@leeoniya/ufuzzy',
      '@preact/signals',
      '@synapse/client',
      'highlight.js/*',
      'lowlight',
      'lucide',
      'marked',
      'preact',
      'preact/*',
      'uqr',
    ],
    because: 'the console runs in a page and talks to its server with the client alone',
  },
]

/** Imports that a row forbids and that are allowed for a reason: 'file → import'. */
const allowedImports: Record<string, string> = {
  'src/cli/client/outbox/outbox.ts → bun:sqlite':
    'the outbox of a client is a file of its own, not the store',
  'src/cli/client/runs/journal.ts → bun:sqlite':
    'the journal of a client is a file of its own, not the store',
}

/** What core may not use: every access to the outside world, the clock or randomness. */
const worldly =
  /(?<![.\w$#])(?:Bun|process|fetch|WebSocket|Worker|console|crypto|performance|Buffer|setTimeout|setInterval|setImmediate|require)\b(?!\s*\??:)|\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bimport\.meta\b/
const worldlyBecause = 'core has no I/O; main.ts passes clock, ids, hashing and network as ports'

/** Files of core that may use such a global for a reason: 'file → global'. */
const allowedGlobals: Record<string, string> = {}

const environment =
  /\b(?:process|Bun|import\.meta)\s*\??\.\s*env\b|\b(?:process|Bun)\[\s*'env'\s*\]|\{[^{}=]*\benv\b[^{}=]*\}\s*=\s*(?:process|Bun)\b/
const environmentBecause = 'every setting is declared once, in src/config; nothing else reads the environment'

/** Outbound calls: the clients of the runtime, and functions that open a connection. */
const calling =
  /(?<![.\w$#])(?:globalThis\.|Bun\.)?fetch\((?!\w+\??:)|\bBun\.(?:connect|udpSocket)\b|\bnew (?:WebSocket|EventSource)\(/
const callingModules = /^(?:node:)?(?:https?|http2|dns|dns\/promises|dgram)$|^undici$/
const connectingModules = /^(?:node:)?(?:net|tls)$/
const connecting = /\*|(?<!type )\b(?:connect|createConnection|Socket|TLSSocket)\b/
const callingBecause =
  'only src/platform/outbound.ts may call an address that a user entered, because it checks where it leads'

/** Files that may make outbound calls. */
const callers: Record<string, string> = {
  'src/platform/outbound.ts': 'it is the one module for outbound calls',
  'src/cli/**': 'commands call the server that their operator names',
  'packages/client/src/**': 'it calls the server that its program names',
  'src/http/docs/guide.ts': 'its calls are examples on a page',
  'src/home/running.ts': 'it asks on the Unix socket of the home whether a server runs',
  'src/hub/redis-probe.ts': 'the configuration names the bus, like the database',
}

/** The commands of clients, which call a server as any client does. */
const clientCommands = 'src/cli/client/**'
const clientCommandsBecause = 'commands of clients call their server with @synapse/client alone'

const maxLines = 400
/** Files that may be longer. */
const longFiles: Record<string, string> = {
  'packages/client/src/api.d.ts': 'it is generated, and describes the whole API',
}

/** The file with the header of a folder, where it is neither index.ts nor named like the folder. */
const mainFiles: Record<string, string> = {
  'src/core/coordination': 'expiring.ts',
  'src/core/matrix/acts': 'room-acts.ts',
  'src/core/matrix/sync': 'tokens.ts',
  'src/app': 'compose.ts',
  'src/cli/lib': 'command.ts',
  'src/core/access': 'policy.ts',
  'src/core/governance': 'administration.ts',
  'src/http': 'server.ts',
  'src/store/sqlite': 'engine.ts',
  'src/store/postgres': 'engine.ts',
  'packages/console/src': 'main.tsx',
  'packages/console/src/pages/parts': 'loaded.tsx',
}

type Tree = ReadonlyMap<string, string>

interface Import {
  readonly from: string
  readonly typeOnly: boolean
}

/** The source without comments. Strings are matched first, because they may contain `//`. */
function withoutComments(source: string): string {
  const token = /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g
  return source.replace(token, (text) => (text.startsWith('/') ? '' : text))
}

/** Every module that a file imports: at run time by Bun's parser, and types by pattern, because the parser drops them. */
function importsOf(file: string, source: string): Import[] {
  const code = withoutComments(source)
  const patterns = [
    /^\s*(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]/gm,
    /^\s*import\s*['"]([^'"]+)['"]/gm,
    /\b(?:import|require)\(\s*['"`]([^'"`]+)['"`]/g,
    /\bnew URL\(\s*['"`]([^'"`]+)['"`]\s*,\s*import\.meta/g,
  ]
  const named = patterns.flatMap((pattern) => [...code.matchAll(pattern)].map((match) => match[1] ?? ''))
  const atRunTime = new Set(
    new Bun.Transpiler({ loader: file.endsWith('x') ? 'tsx' : 'ts' })
      .scanImports(source)
      .map((found) => found.path),
  )
  const onlyTypes = (from: string) => !atRunTime.has(from) && !code.includes(`new URL('${from}'`)
  // For JSX the parser adds the module of its functions, and another one by mistake.
  const found = file.endsWith('x') ? named : [...named, ...atRunTime]
  return [...new Set(found)].map((from) => ({ from, typeOnly: onlyTypes(from) }))
}

const isSource = (path: string) => /^(?:src|packages\/\w+\/src)\//.test(path) && /\.tsx?$/.test(path)
const sources = (tree: Tree) => [...tree].filter(([path]) => isSource(path))
const matches = (glob: string, path: string) => new Bun.Glob(glob).match(path)

/** The repository path of a relative import. */
function resolveImport(tree: Tree, file: string, from: string): string {
  const path = join(dirname(file), from)
  return (
    [path, `${path}.ts`, `${path}.tsx`, `${path}/index.ts`].find((candidate) => tree.has(candidate)) ?? path
  )
}

function isAllowedPackage(area: Area, name: string): boolean {
  return area.packages.some((allowed) =>
    allowed.endsWith('*') ? name.startsWith(allowed.slice(0, -1)) : name === allowed,
  )
}

function importViolations(tree: Tree): string[] {
  return sources(tree).flatMap(([file, source]) => {
    const area = areas.find((row) => matches(row.files, file))
    if (area === undefined) {
      const isAmbient = file.endsWith('.d.ts') && dirname(file) === 'src'
      return isAmbient ? [] : [`${file} belongs to no row of the import table: add one, with its reason`]
    }
    const surface = file.split('/')[2] ?? ''
    const allows = (globs: readonly string[], path: string) =>
      globs.some((glob) => matches(glob.replace('{surface}', surface), path))
    const refused = importsOf(file, source).filter(({ from, typeOnly }) => {
      if (allowedImports[`${file} → ${from}`] !== undefined) return false
      if (!from.startsWith('.')) return !isAllowedPackage(area, from)
      const path = resolveImport(tree, file, from)
      const isImport = allows(area.imports, path) && !allows(area.except ?? [], path)
      return !isImport && !(typeOnly && allows(area.types ?? [], path))
    })
    const computed = [...withoutComments(source).matchAll(/\bimport\(\s*(?!['"])[^)]*\)/g)]
    return [
      ...refused.map(({ from }) => `${file} imports ${from}: ${area.because}`),
      ...computed.map(
        ([text]) => `${file} imports by a computed name, ${text}: this table could not check it`,
      ),
    ]
  })
}

function globalViolations(tree: Tree): string[] {
  return sources(tree).flatMap(([file, source]) => {
    if (!file.startsWith('src/core/')) return []
    const code = withoutComments(source).replace(/'(?:\\.|[^'\\\n])*'/g, "''")
    const used = [...code.matchAll(new RegExp(worldly, 'g'))].map(([text]) => text)
    const refused = [...new Set(used)].filter((name) => allowedGlobals[`${file} → ${name}`] === undefined)
    return refused.map((name) => `${file} uses ${name}: ${worldlyBecause}`)
  })
}

function environmentViolations(tree: Tree): string[] {
  return sources(tree).flatMap(([file, source]) => {
    if (file.startsWith('src/config/')) return []
    const found = environment.exec(withoutComments(source))?.[0]
    const imported = importsOf(file, source).find(
      ({ from }) => from === 'node:process' || from === 'process',
    )?.from
    const how = found ?? imported
    return how === undefined ? [] : [`${file} reads ${how}: ${environmentBecause}`]
  })
}

function callViolations(tree: Tree): string[] {
  return sources(tree).flatMap(([file, source]) => {
    const isClientCommand = matches(clientCommands, file)
    if (!isClientCommand && Object.keys(callers).some((glob) => matches(glob, file))) return []
    const because = isClientCommand ? clientCommandsBecause : callingBecause
    const code = withoutComments(source)
    const called = calling.exec(code.replace(/'(?:\\.|[^'\\\n])*'/g, "''"))?.[0]
    const imports = [...code.matchAll(/\bimport\s+(?!type\b)([^'"]*?)\s*from\s*['"]([^'"]+)['"]/g)]
    const imported = imports.find(
      ([, names = '', from = '']) =>
        callingModules.test(from) || (connectingModules.test(from) && connecting.test(names)),
    )?.[2]
    const how = called ?? imported
    return how === undefined ? [] : [`${file} calls the outside by ${how}: ${because}`]
  })
}

function lengthViolations(tree: Tree): string[] {
  return sources(tree).flatMap(([file, source]) => {
    const lines = source.trimEnd().split('\n').length
    if (lines <= maxLines || longFiles[file] !== undefined) return []
    return [`${file} has ${lines} lines, more than ${maxLines}: split it, or list it with the reason`]
  })
}

/** The operator `void`, not the type, which no value follows. */
const dropped = /\bvoid[ \t]+[\w$(`'"[][^\n]*/g

function droppedPromises(tree: Tree): string[] {
  return sources(tree).flatMap(([file, source]) =>
    [...withoutComments(source).matchAll(dropped)].map(
      ([text]) => `${file} drops what it does not await, ${text}: what it fails with ends the process`,
    ),
  )
}

function defaultExportViolations(tree: Tree): string[] {
  return sources(tree).flatMap(([file, source]) => {
    return /^export (?:default\b|\{[^}]*\bas default\b)/m.test(source)
      ? [`${file} has a default export: a thing has one name everywhere`]
      : []
  })
}

function headerViolations(tree: Tree): string[] {
  const folders = new Set(sources(tree).map(([file]) => dirname(file)))
  folders.delete('src')
  return [...folders].flatMap((folder) => {
    const named = basename(folder)
    const names = [mainFiles[folder] ?? 'index.ts', `${named}.ts`, `${named}.tsx`]
    const opening = names.map((name) => tree.get(`${folder}/${name}`)?.trimStart() ?? '')
    if (opening.some((text) => text.startsWith('//') || text.startsWith('/*'))) return []
    return [
      `${folder} has no header: ${names.join(' or ')} opens with purpose, imports, where to start reading`,
    ]
  })
}

/** Files that import one another in a cycle, dynamic imports included, cannot be read or tested alone. */
function circleViolations(tree: Tree): string[] {
  const loads = new Map(
    sources(tree).map(([file, source]) => {
      const loaded = importsOf(file, source).filter(({ from, typeOnly }) => from.startsWith('.') && !typeOnly)
      return [file, loaded.map(({ from }) => resolveImport(tree, file, from))]
    }),
  )
  const done = new Set<string>()
  const circles: string[] = []
  const follow = (file: string, way: readonly string[]): void => {
    const start = way.indexOf(file)
    if (start >= 0) circles.push(`${[...way.slice(start), file].join(' → ')} is an import cycle`)
    if (start >= 0 || done.has(file)) return
    for (const loaded of loads.get(file) ?? []) follow(loaded, [...way, file])
    done.add(file)
  }
  for (const file of loads.keys()) follow(file, [])
  return circles
}

/** A stale exception would hide the next mistake. */
function staleExceptions(tree: Tree): string[] {
  const named = [allowedImports, allowedGlobals, longFiles, callers].flatMap((list) => Object.keys(list))
  const files = named.map((exception) => exception.split(' → ')[0] ?? '')
  return files.filter((file) => ![...tree.keys()].some((path) => matches(file, path)))
}

const root = join(import.meta.dir, '..')

function readTree(): Tree {
  const paths = ['src', 'packages/client/src', 'packages/console/src'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
      .filter(isSource),
  )
  return new Map(
    [...paths.sort(), 'package.json'].map((path) => [path, readFileSync(join(root, path), 'utf8')]),
  )
}

describe('the source keeps the rules', () => {
  const tree = readTree()
  const rules: Record<string, (tree: Tree) => string[]> = {
    'a file imports only what its row of the table allows': importViolations,
    'core touches neither runtime, clock nor chance': globalViolations,
    'only config reads the environment': environmentViolations,
    'addresses that a user entered are called through one module': callViolations,
    'no file is longer than the limit without a reason': lengthViolations,
    'no file has a default export': defaultExportViolations,
    'no files import one another in a cycle': circleViolations,
    'a promise that is not awaited goes through background()': droppedPromises,
    'every folder opens with a header': headerViolations,
    'every exception still has its file': staleExceptions,
  }
  for (const [title, rule] of Object.entries(rules)) test(title, () => expect(rule(tree)).toEqual([]))
})

describe('the checks find violations', () => {
  const tree = (files: Record<string, string>): Tree => new Map(Object.entries(files))
  const others = {
    'src/store/posts.ts': '',
    'src/core/kernel/ids.ts': '',
    'src/core/matrix/index.ts': '',
    'src/core/matrix/events.ts': '',
    'src/http/auth.ts': '',
    'src/http/v1/index.ts': '',
  }

  const forbidden: [file: string, source: string][] = [
    ['src/core/a.ts', "import { x } from '../store/posts'"],
    ['src/core/a.ts', "import type { X } from '../store/posts'"],
    ['src/core/a.ts', "export * from '../store/posts.ts'"],
    ['src/core/a.ts', "type X = import('../store/posts').X"],
    ['src/core/a.ts', "const x = await import('../store/posts')"],
    ['src/core/a.ts', "import {\n  type X,\n  y,\n} from '../store/posts'"],
    ['src/core/a.ts', "import { createHash } from 'node:crypto'"],
    ['src/core/a.ts', "import { Type } from '@sinclair/typebox'"],
    ['src/core/a.ts', "import { canonicalJson } from './matrix'"],
    ['src/core/log/a.ts', "import type { Pdu } from '../matrix/events'"],
    ['src/core/matrix/a.ts', "import { createHash } from 'node:crypto'"],
    ['src/store/a.ts', "import { hub } from '../hub/hub'"],
    ['src/store/a.ts', "import { Elysia } from 'elysia'"],
    ['src/hub/a.ts', "import { posts } from '../store/posts'"],
    ['src/jobs/a.ts', "import '../http/auth'"],
    ['src/http/a.ts', "import { v1 } from './v1'"],
    ['src/http/admin/a.ts', "import { v1 } from '../v1'"],
    ['src/http/admin/a.ts', "import { posts } from '../../store/posts'"],
    ['src/http/admin/a.ts', "import { hub } from '../../hub/hub'"],
    ['src/cli/a.ts', "import { parse } from '../core/ids'"],
    ['src/cli/a.ts', "import { posts } from '../store/posts'"],
    ['src/cli/a.ts', "import { schema } from '../http/auth'"],
    ['src/config/a.ts', "import { boot } from '../main'"],
    ['src/store/a.ts', "new Worker(new URL('../http/auth.ts', import.meta.url))"],
    ['src/cli/a.ts', 'await import(name)'],
    ['packages/client/src/a.ts', "import { sleep } from 'node:timers/promises'"],
    ['packages/client/src/a.ts', "import type { X } from '../../../src/core/ids'"],
    ['src/elsewhere/a.ts', ''],
  ]
  test.each(forbidden)('the import check rejects %s: %s', (file, source) => {
    const found = importViolations(tree({ ...others, [file]: source }))
    expect(found).toHaveLength(1)
    expect(found[0]).toStartWith(file)
  })

  const permitted: [file: string, source: string][] = [
    ['src/core/a.ts', "import { x } from './ids'\nimport type { Y } from './ids.ts'"],
    ['src/core/matrix/a.ts', "import { x } from '../kernel/ids'\nimport { y } from './events'"],
    [
      'src/core/a.ts',
      "// import { x } from '../store/posts'\n/* import '../http/auth' */\nconst url = 'https://x'",
    ],
    [
      'src/store/a.ts',
      "import { eq } from 'drizzle-orm'\nimport { x } from '../core/ids'\nimport { y } from 'node:fs'",
    ],
    [
      'src/http/admin/a.ts',
      "import { auth } from '../auth'\nimport { x } from '../../core/ids'\nimport './b'",
    ],
    ['src/cli/a.ts', "import type { Id } from '../core/ids'\nconst main = await import('../main')"],
    ['src/cli/a.ts', "import { type Id } from '../core/ids'\nimport manifest from '../../package.json'"],
    ['src/main.ts', "import { x } from './app/compose'"],
  ]
  test.each(permitted)('the import check accepts %s: %s', (file, source) => {
    const whole = tree({
      ...others,
      'src/main.ts': '',
      'src/app/compose.ts': '',
      'src/http/admin/b.ts': '',
      'package.json': '',
      [file]: source,
    })
    expect(importViolations(whole)).toEqual([])
  })

  test('runtime globals in core are found, and other names like them are not', () => {
    const core = (source: string) => globalViolations(tree({ 'src/core/a.ts': source }))
    for (const source of [
      'Bun.hash(x)',
      'Date.now()',
      'new Date()',
      'Math.random()',
      'await fetch(url)',
      'setTimeout(f, 1)',
    ]) {
      expect(core(source)).toHaveLength(1)
    }
    expect(
      core("new Date(0)\nports.crypto.hash(x)\nconst a = { process: 1 }\n// Bun.hash\nconst b = 'Bun'"),
    ).toEqual([])
  })

  test('reading the environment outside config is found, however it is written', () => {
    const sources = [
      'process.env.A',
      "Bun.env['A']",
      'import.meta.env.A',
      "process['env'].A",
      'const { env } = process',
      "import { env } from 'node:process'",
    ]
    for (const source of sources)
      expect(environmentViolations(tree({ 'src/cli/a.ts': source }))).toHaveLength(1)
    expect(environmentViolations(tree({ 'src/config/a.ts': 'process.env.A' }))).toEqual([])
    expect(
      environmentViolations(tree({ 'src/cli/a.ts': '// process.env\nspawn({ env: config.env })' })),
    ).toEqual([])
  })

  test('outbound calls are found however they are made, and similar names are not', () => {
    const found = (source: string) => callViolations(tree({ 'src/http/a.ts': source }))
    for (const source of [
      'await fetch(url)',
      'globalThis.fetch(url)',
      'Bun.connect({ hostname })',
      'new WebSocket(url)',
      "import { request } from 'node:https'",
      "import { connect } from 'node:tls'",
      "import * as net from 'net'",
      "import { lookup } from 'node:dns/promises'",
    ])
      expect(found(source)).toHaveLength(1)
    for (const source of [
      'http.fetch(request)',
      'interface Server { fetch(request: Request): Response }',
      "import { BlockList, isIP, type Socket } from 'node:net'",
      "import type { IncomingMessage } from 'node:http'",
      "const page = 'fetch(url)' // fetch(url)",
    ])
      expect(found(source)).toEqual([])
    expect(callViolations(tree({ 'src/cli/a.ts': 'await fetch(url)' }))).toEqual([])
    for (const source of ['await fetch(url)', 'new WebSocket(url)', 'Bun.connect({ unix })'])
      expect(callViolations(tree({ 'src/cli/client/a.ts': source }))).toEqual([
        expect.stringContaining(clientCommandsBecause),
      ])
  })

  test('a dropped promise is found, and the type void is not', () => {
    const found = (source: string) => droppedPromises(tree({ 'src/core/a.ts': source }))
    for (const source of [
      'void look()',
      'setInterval(() => void this.look(), 5)',
      'void (closed || look())',
      'if (x) void promise',
    ])
      expect(found(source)).toHaveLength(1)
    for (const source of [
      'look(): void {}',
      'const done: () => void = f',
      'let f: (() => void) | undefined',
      'type X = void | string',
      'close(): void\n  open(): void',
      '// void look()',
    ])
      expect(found(source)).toEqual([])
  })

  test('import cycles are found, and type imports do not count', () => {
    const pair = (one: string, other: string) =>
      circleViolations(tree({ 'src/core/a.ts': one, 'src/core/b.ts': other }))
    expect(pair("import { b } from './b'\nb()", "import { a } from './a'\na()")).toEqual([
      'src/core/a.ts → src/core/b.ts → src/core/a.ts is an import cycle',
    ])
    expect(pair("await import('./b')", "export * from './a'")).toHaveLength(1)
    expect(pair("import { b } from './b'\nb()", "import type { A } from './a'")).toEqual([])
  })

  test('a long file, a default export and a folder without a header are found', () => {
    expect(lengthViolations(tree({ 'src/core/a.ts': `${'\n'.repeat(maxLines)}x` }))).toHaveLength(1)
    expect(defaultExportViolations(tree({ 'src/core/a.ts': 'export default 1' }))).toHaveLength(1)
    expect(headerViolations(tree({ 'src/core/a.ts': '', 'src/core/index.ts': 'x // no' }))).toHaveLength(1)
    expect(headerViolations(tree({ 'src/core/a.ts': '', 'src/core/core.ts': '// The product.' }))).toEqual([])
  })
})
