/** Real proxies in front of a server: the recipes of docs/operating.md, with the names and ports of a test in them. */
import { mkdtempSync, readFileSync, realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { selfSigned } from '../support/certificate'
import { freePort, Supervised, type SupervisedOptions } from '../support/supervised'

const GUIDE = join(import.meta.dir, '../../docs/operating.md')

/** A proxy that runs. */
export interface Front extends AsyncDisposable {
  readonly origin: string
  /** The certificate that its clients have to trust. */
  readonly ca: string
  /** The file with that certificate. */
  readonly caFile: string
}

/** What the configuration of a proxy is made of. */
export interface Ground {
  /** A folder of its own, for whatever it writes. */
  readonly folder: string
  readonly port: number
  readonly cert: string
  readonly key: string
}

/** Programs of administrators, which the PATH of others does not name. */
export const PROGRAMS = `${process.env.PATH}:/usr/sbin`

/** Starts a proxy in a folder of its own and waits until it takes connections. */
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

/** The block of the guide that is written in this language. */
export function recipe(language: string): string {
  const text = readFileSync(GUIDE, 'utf8')
  const block = new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(text)?.[1]
  if (block === undefined) throw new Error(`the guide has no recipe in ${language}`)
  return block
}

/** The guide says this, word for word. */
export function advised(line: string): string {
  if (readFileSync(GUIDE, 'utf8').includes(`\`${line}\``)) return line
  throw new Error(`the guide does not say ${line}`)
}

/** What a recipe becomes in a test; fails where the recipe no longer says what is replaced. */
export function adapted(text: string, changes: readonly (readonly [from: string, to: string])[]): string {
  return changes.reduce((result, [from, to]) => {
    if (!result.includes(from)) throw new Error(`the recipe does not say ${from}`)
    return result.replaceAll(from, to)
  }, text)
}
