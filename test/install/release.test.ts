import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import manifest from '../../packages/client/package.json' with { type: 'json' }
import { temporaryDirectory } from '../home/temporary'
import { CHECKOUT, makeRelease, TARGET, theRelease } from './release'

// Each release is a build.
setDefaultTimeout(120_000)

interface Component {
  readonly name: string
  readonly version?: string
  readonly purl?: string
  readonly 'bom-ref': string
  readonly licenses: readonly unknown[]
  readonly hashes?: readonly unknown[]
}

interface Bill {
  readonly bomFormat: string
  readonly specVersion: string
  readonly components: readonly Component[]
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[]
}

async function bill(): Promise<Bill> {
  return (await Bun.file(join((await theRelease()).folder, 'synapse.cdx.json')).json()) as Bill
}

describe('a release folder', () => {
  test('a release folder holds everything that a machine without the checkout needs, with checksums', async () => {
    const { folder } = await theRelease()
    const names = readdirSync(folder).sort()
    expect(names).toEqual(
      [
        'Caddyfile',
        'LICENSE',
        'SHA256SUMS',
        'THIRD-PARTY-LICENSES',
        'install.sh',
        `synapse-client-${manifest.version}.tgz`,
        `synapse-${TARGET}`,
        'synapse.cdx.json',
      ].sort(),
    )
    const listed = readFileSync(join(folder, 'SHA256SUMS'), 'utf8').trimEnd().split('\n')
    expect(listed.map((line) => line.slice(66))).toEqual(names.filter((name) => name !== 'SHA256SUMS'))
    for (const line of listed) {
      const bytes = readFileSync(join(folder, line.slice(66)))
      expect(new Bun.CryptoHasher('sha256').update(bytes).digest('hex')).toBe(line.slice(0, 64))
    }
  })

  test('two builds of a release are identical', async () => {
    using elsewhere = temporaryDirectory()
    const sums = async (folder: string) => Bun.file(join(folder, 'SHA256SUMS')).text()
    const first = await theRelease()
    const second = await makeRelease(join(elsewhere.path, 'another/second'))
    expect(await sums(second.folder)).toBe(await sums(first.folder))
  })

  test('the package of @synapse/client in it is installed into an empty project', async () => {
    using elsewhere = temporaryDirectory()
    const { folder } = await theRelease()
    const tarball = join(folder, readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '')
    await Bun.write(join(elsewhere.path, 'package.json'), '{"private": true, "type": "module"}')
    const run = (...words: string[]) => {
      const child = Bun.spawnSync([process.execPath, ...words], { cwd: elsewhere.path })
      expect({ words, code: child.exitCode, stderr: child.exitCode === 0 ? '' : `${child.stderr}` }).toEqual({
        ...{ words, code: 0, stderr: '' },
      })
      return child.stdout.toString()
    }
    run('add', tarball)
    const script = "import { connect } from '@synapse/client'; console.log(connect({ url: 'http://a' }).url)"
    expect(run('-e', script)).toBe('http://a\n')
    const installed = join(elsewhere.path, 'node_modules/@synapse/client')
    for (const name of ['LICENSE', 'README.md', 'package.json', 'dist/index.js', 'dist/index.d.ts'])
      expect({ name, isThere: existsSync(join(installed, name)) }).toEqual({ name, isThere: true })
  })

  test('a release for an unknown target is refused with 2', () => {
    const cmd = [process.execPath, join(CHECKOUT, 'scripts/release.ts'), '--target', 'amiga-m68k']
    const { exitCode, stderr } = Bun.spawnSync(cmd)
    expect(exitCode).toBe(2)
    expect(stderr.toString()).toContain('linux-arm64-musl')
  })
})

describe('the bill of materials', () => {
  test('the bill of materials lists the bundled packages and not the development packages', async () => {
    const { bomFormat, specVersion, components } = await bill()
    expect([bomFormat, specVersion]).toEqual(['CycloneDX', '1.6'])
    const names = components.map(({ name }) => name)
    for (const name of ['bun', 'elysia', '@sinclair/typebox', 'drizzle-orm', 'citty'])
      expect(names).toContain(name)
    for (const name of ['@biomejs/biome', 'drizzle-kit', 'knip', 'esbuild']) expect(names).not.toContain(name)
    for (const { name, version, purl, licenses, hashes } of components.slice(1)) {
      const installed = JSON.parse(readFileSync(join(CHECKOUT, 'node_modules', name, 'package.json'), 'utf8'))
      expect({ name, version }).toEqual({ name, version: installed.version })
      expect(purl).toBe(`pkg:npm/${name.replace('@', '%40')}@${version}`)
      expect({ name, licenses: licenses.length, hashes: hashes?.length }).toEqual({
        name,
        licenses: 1,
        hashes: 1,
      })
    }
  })

  test('the bill of materials relates only components that it lists', async () => {
    const { components, dependencies } = await bill()
    const known = new Set(components.map((component) => component['bom-ref']))
    for (const { dependsOn } of dependencies) for (const ref of dependsOn) expect(known).toContain(ref)
    expect(dependencies[0]?.dependsOn).toContain(`pkg:npm/bun@${Bun.version}`)
  })

  test('the licences of all bundled components are included', async () => {
    const text = await Bun.file(join((await theRelease()).folder, 'THIRD-PARTY-LICENSES')).text()
    for (const { name, version } of (await bill()).components) expect(text).toContain(`${name} ${version}: `)
    for (const title of [
      'Apache License',
      'GNU LIBRARY GENERAL PUBLIC LICENSE',
      'GNU LESSER GENERAL PUBLIC LICENSE',
    ])
      expect(text).toContain(title)
  })
})
