import { describe, expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { surfaces } from '../src/app/surfaces'
import { eventKinds } from '../src/core/log/catalogue'
import { frameKinds } from '../src/core/log/frames'
import { errorCodes } from '../src/http/error-codes'

const ROOT = join(import.meta.dir, '..')

const filesOf = (pattern: string) => [...new Bun.Glob(pattern).scanSync({ cwd: ROOT })].sort()
const textOf = (path: string) => Bun.file(join(ROOT, path)).text()

const pages = [...filesOf('*.md'), ...filesOf('docs/**/*.md')]
const sources = ['src', 'test', 'scripts', 'bench', 'examples']
  .flatMap((folder) => filesOf(`${folder}/**/*.ts`))
  .filter((path) => path !== relative(ROOT, import.meta.path) && !path.includes('/node_modules/'))

/** A page without its code blocks. */
async function proseOf(path: string): Promise<string> {
  return (await textOf(path)).replaceAll(/^ *(```+)[\s\S]*?^ *\1/gm, '')
}

/** The anchors that GitHub gives the headings of a page, and those that the page defines itself. */
async function anchorsOf(path: string): Promise<ReadonlySet<string>> {
  const prose = await proseOf(path)
  const anchors = new Set([...prose.matchAll(/<a id="([^"]+)"/g)].map(([, id = '']) => id))
  for (const [, heading = ''] of prose.matchAll(/^#{1,6} +(.+?) *$/gm)) {
    const text = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    const slug = text
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, '')
      .replaceAll(' ', '-')
    let anchor = slug
    for (let n = 1; anchors.has(anchor); n++) anchor = `${slug}-${n}`
    anchors.add(anchor)
  }
  return anchors
}

const known = new Map<string, Promise<ReadonlySet<string>>>()

/** The problem of a link into the repository, or undefined if it works. */
async function problemOf(path: string, anchor: string | undefined): Promise<string | undefined> {
  if (path.startsWith('..')) return `${path} is outside of the repository`
  if (!existsSync(join(ROOT, path))) return `${path} does not exist`
  if (anchor === undefined || !path.endsWith('.md')) return undefined
  const anchors = known.get(path) ?? anchorsOf(path)
  known.set(path, anchors)
  return (await anchors).has(anchor) ? undefined : `${path} has no heading #${anchor}`
}

describe('documentation', () => {
  test.each(pages)('every link in %s into the repository works', async (page) => {
    const problems: string[] = []
    for (const [, target = ''] of (await proseOf(page)).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue
      const [path = '', anchor] = target.split('#', 2)
      const problem = await problemOf(path === '' ? page : normalize(join(dirname(page), path)), anchor)
      if (problem !== undefined) problems.push(problem)
    }
    expect(problems).toEqual([])
  })

  test('every page and anchor that a source file names exists', async () => {
    const problems: string[] = []
    for (const file of sources)
      for (const [, path = '', anchor] of (await textOf(file)).matchAll(
        /\b(docs\/[\w/.-]+\.md)(?:#([\w-]+))?/g,
      )) {
        const problem = await problemOf(path, anchor)
        if (problem !== undefined) problems.push(`${file}: ${problem}`)
      }
    expect(problems).toEqual([])
  })

  test('no source file and no page cites what is not in the repository', async () => {
    // Sections of RFCs may be cited; other sections and tables are of pages that a reader does not have.
    const foreign = /^.*(?:\bTable [A-E]\b|\bof the v1 contract\b).*$|^(?!.*\bRFC \d).*§.*$/m
    const found = []
    for (const file of [...sources, ...pages]) {
      const line = foreign.exec(await textOf(file))?.[0]
      if (line !== undefined) found.push(`${file}: ${line.trim()}`)
    }
    expect(found).toEqual([])
  })

  test('errors.md describes every error code and its status', async () => {
    const path = 'docs/contract/errors.md'
    const described = (await textOf(path)).matchAll(/^\| (\d{3}) \| `(\w+)` \|/gm)
    const rows = [...described].map(([, status, code]) => `${status} ${code}`)
    expect(rows).toEqual(errorCodes.map(({ status, code }) => `${status} ${code}`))
  })

  test('log.md describes every event type and its keys', async () => {
    const text = await textOf('docs/contract/log.md')
    const rows = [...text.matchAll(/^\| `([a-z_]+\.[a-z_]+)` \| (.+?) \|/gm)]
    const described = rows.map(([, type = '', keys = '']) => ({
      type,
      keys: [...(keys.match(/\w+/g) ?? [])],
    }))
    const visible = Object.entries(eventKinds).filter(([, { audience }]) => audience !== 'nobody')
    expect(described).toEqual(visible.map(([type, { payload }]) => ({ type, keys: [...payload] })))
  })

  test('live.md describes every ephemeral frame and its keys', async () => {
    const text = await textOf('docs/contract/live.md')
    const rows = [...text.matchAll(/^\| `([a-z_]+\.[a-z_]+)` \| (.+?) \|/gm)]
    const described = rows.map(([, type = '', keys = '']) => ({
      type,
      keys: [...(keys.match(/\w+/g) ?? [])],
    }))
    const declared = Object.entries(frameKinds).map(([type, { payload }]) => ({ type, keys: [...payload] }))
    expect(described).toEqual(declared)
  })

  test('the contract lists every feature of the server', async () => {
    const text = await textOf('docs/contract/README.md')
    const listed = /This version has: ([^.]+)\./.exec(text)?.[1]?.match(/\w+/g)
    expect([...(listed ?? [])]).toEqual(surfaces.flatMap(({ features = [] }) => features))
  })

  test('the glossary has at most twenty words', async () => {
    const rows = (await textOf('docs/glossary.md')).match(/^\| .+ \|$/gm) ?? []
    expect(rows.length - 1).toBeLessThanOrEqual(20)
  })
})
