// THIRD-PARTY-LICENSES: what else is in the executables, under which conditions, and the texts that have to go along.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BundledPackage } from './packages.ts'
import { POLYFILLS, RELINKING, RUNTIME_PARTS } from './runtime.ts'

const TEXTS = join(import.meta.dir, 'texts')
const RULE = '='.repeat(120)

/** The whole file. */
export function thirdPartyLicenses(packages: readonly BundledPackage[]): string {
  const used = new Set(['Apache-2.0', 'LGPL-2.0', 'LGPL-2.1'])
  for (const { license, licenseText } of packages) if (licenseText === undefined) used.add(license)
  const sections = [
    'Synapse itself is under the licence in the file LICENSE. Its executables also contain what is listed here.',
    ...packages.map(packageSection),
    runtimeSection(),
    ...[...used].sort().map((id) => `${id}\n\n${licenseTextOf(id)}`),
  ]
  return `${sections.join(`\n\n${RULE}\n\n`)}\n`
}

function packageSection({ name, version, license, home, licenseText }: BundledPackage): string {
  const title = `${name} ${version}: ${license}${home === undefined ? '' : `\n${home}`}`
  return `${title}\n\n${licenseText ?? `The text of ${license} is at the end of this file.`}`
}

function runtimeSection(): string {
  const rows = RUNTIME_PARTS.map(
    ({ name, license, home }) =>
      `  ${name.padEnd(16)} ${(license ?? 'several, see there').padEnd(32)} ${home}`,
  )
  return [
    `bun ${Bun.version}: MIT\nhttps://github.com/oven-sh/bun`,
    'Bun is under the MIT licence. Linked into it are the following libraries; their copyright notices are in the',
    'repositories of Bun and of the libraries.',
    '',
    ...rows,
    '',
    `Under the MIT licence it carries these packages of npm, too: ${POLYFILLS.join(', ')}.`,
    '',
    RELINKING,
  ].join('\n')
}

/** @throws Error when a package without a licence file has a licence whose text is not kept here */
function licenseTextOf(id: string): string {
  const file = join(TEXTS, `${id}.txt`)
  if (!existsSync(file)) throw new Error(`scripts/release/texts/ lacks the text of ${id}`)
  return readFileSync(file, 'utf8').trimEnd().replace(/^\n+/, '')
}
