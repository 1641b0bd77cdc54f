/** Real proxies in front of a server: the recipes of the documentation, with the names and ports of the test. */
import { mkdtempSync, readFileSync, realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { selfSigned } from '../support/certificate'
import { freePort, Supervised, type SupervisedOptions } from '../support/supervised'

const DOCS = join(import.meta.dir, '../../docs')
const GUIDE = join(DOCS, 'operating.md')

/** A running proxy. */
export interface Front extends AsyncDisposable {
  readonly origin: string
  /** The certificate that clients have to trust. */
  readonly ca: string
  /** The file with that certificate. */
  readonly caFile: string
}

/** The values in the configuration of a proxy. */
export interface Ground {
  /** A folder for the files of the proxy. */
  readonly folder: string
  readonly port: number
  readonly cert: string
  readonly key: string
}

/** Folders of administrators’ programs, which the PATH of other users does not have. */
export const PROGRAMS = `${process.env.PATH}:/usr/sbin`

/** Starts a proxy in its own folder and waits until it accepts connections. */
export async function startFront(
  name: string,
  scheme: 'http' | 'https',
  options: (ground: Ground) => Omit<SupervisedOptions, 'folder'>,
): Promise<Front> {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), `synapse-${name}-`))
  const { cert, key } = selfSigned(folder)
  const port = freePort()
  const server = new Supervised({ folder, ...options({ folder, port, cert, key }) })
  await server.start()
  return {
    origin: `${scheme}://localhost:${port}`,
    ca: readFileSync(cert, 'utf8'),
    caFile: cert,
    [Symbol.asyncDispose]: () => server.close(),
  }
}

/** The code block of a page, by default of the guide, in this language. */
export function recipe(language: string, page = 'operating.md'): string {
  const text = readFileSync(join(DOCS, page), 'utf8')
  const block = new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(text)?.[1]
  if (block === undefined) throw new Error(`${page} has no recipe in ${language}`)
  return block
}

/** Checks that the guide contains this text. */
export function advised(line: string): string {
  if (readFileSync(GUIDE, 'utf8').includes(`\`${line}\``)) return line
  throw new Error(`the guide does not say ${line}`)
}

/** Replaces parts of a recipe for a test; fails if the recipe no longer contains a part. */
export function adapted(text: string, changes: readonly (readonly [from: string, to: string])[]): string {
  return changes.reduce((result, [from, to]) => {
    if (!result.includes(from)) throw new Error(`the recipe does not say ${from}`)
    return result.replaceAll(from, to)
  }, text)
}
