// The bill of materials in the form of CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/). It holds neither time nor
// chance, so that the same release has the same bytes wherever it is built.
import manifest from '../../package.json' with { type: 'json' }
import type { BundledPackage } from './packages.ts'
import { POLYFILLS, RUNTIME_PARTS } from './runtime.ts'

type Json = string | number | readonly Json[] | { readonly [key: string]: Json }

/** The bill of materials of a release made from this commit, as text. */
export function billOfMaterials(packages: readonly BundledPackage[], commit: string): string {
  const own = `${manifest.name}@${manifest.version}`
  const bun = packageUrl('bun', Bun.version)
  const known = new Map(packages.map(({ name, version }) => [name, packageUrl(name, version)]))
  const among = (names: readonly string[]) => names.flatMap((name) => known.get(name) ?? []).sort()
  const components = [runtime(bun), ...packages.map(library)]
  const dependencies = [
    { ref: own, dependsOn: [bun, ...among(Object.keys(manifest.dependencies))] },
    { ref: bun, dependsOn: [] },
    ...packages.map((bundled) => ({
      ref: packageUrl(bundled.name, bundled.version),
      dependsOn: among(bundled.dependencies),
    })),
  ]
  const subject: Json = {
    type: 'application',
    'bom-ref': own,
    name: manifest.name,
    version: manifest.version,
    description: manifest.description,
    licenses: [{ license: { id: manifest.license } }],
    ...(commit === '' ? {} : { properties: [{ name: 'synapse:commit', value: commit }] }),
  }
  const content = JSON.stringify([subject, components, dependencies])
  const bill: Json = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${Bun.randomUUIDv5(content, 'oid')}`,
    version: 1,
    metadata: {
      lifecycles: [{ phase: 'build' }],
      tools: { components: [{ type: 'application', name: 'bun', version: Bun.version }] },
      component: subject,
    },
    components,
    dependencies,
  }
  return `${JSON.stringify(bill, null, 2)}\n`
}

function runtime(ref: string): Json {
  return {
    type: 'framework',
    'bom-ref': ref,
    name: 'bun',
    version: Bun.version,
    description: 'The runtime that is a part of every executable',
    licenses: [{ license: { id: 'MIT' } }],
    purl: ref,
    externalReferences: [{ type: 'vcs', url: 'https://github.com/oven-sh/bun' }],
    properties: [{ name: 'synapse:revision', value: Bun.revision }],
    components: [...RUNTIME_PARTS.map(runtimePart), ...POLYFILLS.map(polyfill)],
  }
}

function runtimePart({ name, license, home, key }: (typeof RUNTIME_PARTS)[number]): Json {
  const version = key === undefined ? undefined : process.versions[key]
  return {
    type: 'library',
    'bom-ref': `bun/${name}`,
    name,
    ...(version === undefined ? {} : { version }),
    licenses: license === undefined ? [{ license: { name: 'several' } }] : licenses(license),
    externalReferences: [{ type: 'website', url: home }],
  }
}

function polyfill(name: string): Json {
  return {
    type: 'library',
    'bom-ref': `bun/npm/${name}`,
    name,
    licenses: [{ license: { id: 'MIT' } }],
    purl: `pkg:npm/${name}`,
  }
}

function library({ name, version, license, description, home, sha512 }: BundledPackage): Json {
  const ref = packageUrl(name, version)
  return {
    type: 'library',
    'bom-ref': ref,
    name,
    version,
    ...(description === undefined ? {} : { description }),
    ...(sha512 === undefined ? {} : { hashes: [{ alg: 'SHA-512', content: sha512 }] }),
    licenses: licenses(license),
    purl: ref,
    ...(home === undefined ? {} : { externalReferences: [{ type: 'website', url: home }] }),
  }
}

/** One licence is named by its id, anything composed is an expression. */
function licenses(expression: string): Json {
  return [expression.includes(' ') ? { expression } : { license: { id: expression } }]
}

/** https://github.com/package-url/purl-spec: the @ of a scope is written %40. */
function packageUrl(name: string, version: string): string {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`
}
