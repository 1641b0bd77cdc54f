// How much a browser fetches, in kB of 1,000 bytes, compressed. The limits are part of the contract of the console.
import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { BEST, buildConsole, compileConsole } from '../../src/http/console/assets'
import { temporaryDirectory } from '../home/temporary'

interface Output {
  readonly inputs: Readonly<Record<string, unknown>>
  readonly imports: readonly { readonly path: string; readonly kind: string }[]
  readonly entryPoint?: string
}

const kilobytes = (bytes: Uint8Array<ArrayBuffer> | string) => Bun.gzipSync(bytes, BEST).byteLength / 1000

function measure() {
  using folder = temporaryDirectory()
  const report = join(folder.path, 'meta.json')
  const outdir = join(folder.path, 'out')
  compileConsole(outdir, report)
  const { outputs } = JSON.parse(readFileSync(report, 'utf8')) as { outputs: Record<string, Output> }
  return Object.entries(outputs).map(([path, { inputs, imports, entryPoint }]) => ({
    name: path.slice(path.lastIndexOf('/') + 1),
    inputs: Object.keys(inputs),
    isEntry: entryPoint === 'main.tsx',
    needs: imports
      .filter(({ kind }) => kind === 'import-statement')
      .map(({ path }) => path.slice(path.lastIndexOf('/') + 1)),
    size: kilobytes(readFileSync(join(outdir, path.slice(path.lastIndexOf('/') + 1)))),
  }))
}

describe('what a browser fetches', () => {
  const files = measure()
  const sum = (some: typeof files) => some.reduce((total, { size }) => total + size, 0)
  const { style } = buildConsole()

  test('all code and styles together have at most 200 kB', () => {
    expect(sum(files) + kilobytes(style)).toBeLessThanOrEqual(200)
  })

  test('what the first page needs has at most 90 kB', () => {
    const needed = new Set(files.filter(({ isEntry }) => isEntry).map(({ name }) => name))
    expect(needed.size).toBe(1)
    for (const name of needed)
      for (const other of files.find((one) => one.name === name)?.needs ?? []) needed.add(other)
    expect(sum(files.filter(({ name }) => needed.has(name)))).toBeLessThanOrEqual(90)
  })

  test('the styles have at most 12 kB', () => {
    expect(kilobytes(style)).toBeLessThanOrEqual(12)
  })

  test.each([
    ['administration', 'pages/admin/', 25],
    ['code colours', 'node_modules/highlight.js/', 35],
  ])('the %s are fetched when they are needed, and have at most %p, %d kB', (_, part, limit) => {
    const chunks = files.filter(({ inputs }) => inputs.some((input) => input.includes(part)))
    expect(chunks.filter(({ isEntry }) => isEntry)).toEqual([])
    expect(sum(chunks)).toBeLessThanOrEqual(limit)
  })

  test('the same sources give the same bytes', () => {
    expect(buildConsole()).toEqual(buildConsole())
  })
})
