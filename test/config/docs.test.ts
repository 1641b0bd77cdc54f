import { describe, expect, test } from 'bun:test'
import { declaredSettings } from '../../src/config'
import { configurationDoc, envExample } from '../../src/config/docs'
import { parseEnvFile } from '../../src/config/env-file'
import { loading } from './loading'

describe('.env.example', () => {
  test('.env.example sets nothing, and names every setting that synapse.env can hold', () => {
    expect(parseEnvFile(envExample(), '.env.example')).toEqual({ values: {}, problems: [] })
    for (const { key, env } of declaredSettings) {
      expect(envExample().includes(`\n#${env}=`)).toBe(key !== 'home')
    }
  })

  test('.env.example is a valid configuration once every setting is uncommented', () => {
    using here = loading()
    const lines = envExample()
      .split('\n')
      .flatMap((line) => (/^#SYNAPSE_/.test(line) ? [line.slice(1)] : []))
    expect(lines).toHaveLength(declaredSettings.length - 1)
    here.file(...lines)
    expect(here.load().notices).toEqual([])
  })

  test('.env.example has no long lines', () => {
    expect(
      envExample()
        .split('\n')
        .filter((line) => line.length > 118),
    ).toEqual([])
  })
})

describe('docs/configuration.md', () => {
  const rows = configurationDoc()
    .split('\n')
    .filter((line) => /^\| `/.test(line))

  test('docs/configuration.md has a row with six filled columns for every setting', () => {
    expect(rows).toHaveLength(declaredSettings.length)
    for (const [index, { key, env, aliases, setting, applies }] of declaredSettings.entries()) {
      const cells = (rows[index] ?? '').split(/(?<!\\)\|/).map((cell) => cell.trim())
      expect(cells).toHaveLength(8)
      expect(cells[1]).toBe(`\`${key}\``)
      for (const name of [env, ...aliases.map((alias) => alias.name)])
        expect(cells[2]).toContain(`\`${name}\``)
      expect(cells[3]).toBe(setting.flag === undefined ? '' : `\`--${setting.flag}\``)
      expect(cells[4]).not.toBe('')
      expect(cells[5]).toBe(applies)
      expect(cells[6]).toEndWith('.')
    }
  })

  test('docs/configuration.md explains where values come from', () => {
    for (const word of ['synapse.env', 'NAME_FILE', 'exit status 78', 'runtime']) {
      expect(configurationDoc()).toContain(word)
    }
  })
})

test('every setting has a unique name, and every flag belongs to one setting', () => {
  const names = declaredSettings.map(({ env }) => env)
  const flags = declaredSettings.flatMap(({ setting }) => setting.flag ?? [])
  expect(new Set(names).size).toBe(names.length)
  expect(new Set(flags).size).toBe(flags.length)
})
