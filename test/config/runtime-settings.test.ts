import { describe, expect, test } from 'bun:test'
import {
  declaredSettings,
  InvalidValue,
  isRuntimeKey,
  parseAttempts,
  parseRate,
  type RuntimeKey,
  settingFromJson,
  settingFromText,
} from '../../src/config'
import { thrownBy } from '../home/temporary'

test('a runtime setting can change while the server runs, and a boot option cannot', () => {
  for (const { key, applies } of declaredSettings) expect(isRuntimeKey(key)).toBe(applies === 'runtime')
  for (const key of ['port', 'admin_token', 'nothing', '__proto__']) expect(isRuntimeKey(key)).toBe(false)
})

describe('a new value as JSON', () => {
  const rows: [RuntimeKey, unknown, unknown][] = [
    ['auth.session_days', 30, 30],
    ['base_url', null, null],
    ['base_url', 'https://A.example/', 'https://a.example'],
    ['auth.cors_origins', ['https://A.example:443', 'https://a.example'], ['https://a.example']],
    ['trusted_proxies', [], []],
    ['rate.login', 'off', 'off'],
    ['named_aliases', { A: { B: ['C'] } }, { a: { b: ['c'] } }],
  ]
  test.each(rows)('a JSON value is accepted and normalised: %s %j', (key, value, kept) => {
    expect(settingFromJson(key, value)).toEqual(kept as never)
  })

  const refused: [RuntimeKey, unknown, string][] = [
    ['auth.session_days', '30', 'must be a whole number from 1 to 3650'],
    ['auth.session_days', 0, 'must be a whole number from 1 to 3650'],
    ['auth.session_days', null, 'must be a whole number from 1 to 3650'],
    ['base_url', 5, 'must be text or null'],
    ['base_url', 'https://a.example:443x', "'https://a.example:443x' is not an origin"],
    [
      'base_url',
      'https://a.example/x',
      "'https://a.example/x' has a path, and Synapse needs a host name of its own",
    ],
    [
      'base_url',
      'https://a.example/x/y/',
      "'https://a.example/x/y' has a path, and Synapse needs a host name of its own",
    ],
    ['auth.cors_origins', 'https://a.example', 'must be a list'],
    ['auth.cors_origins', ['https://a.example', '*'], "'*' is not an origin"],
    ['trusted_proxies', [1], 'must be a list'],
    ['log.expired_cursor', 'maybe', 'must be one of error, clamp'],
    ['rate.login', 10, 'must be text'],
    ['named_aliases', { a: ['b'] }, 'must be a JSON object of the documented form'],
    ['named_aliases', { a: { '\u200b': ['b'] } }, 'has an alias whose name cannot be seen'],
    ['named_aliases', { a: { 'x\u001b[2J': ['b'] } }, 'has an alias whose name cannot be seen'],
  ]
  test.each(refused)('an invalid JSON value is refused: %s %j', (key, value, message) => {
    const error = thrownBy(() => settingFromJson(key, value))
    expect(error).toBeInstanceOf(InvalidValue)
    expect(error).toMatchObject({ message })
  })
})

describe('a new value as text', () => {
  const rows: [RuntimeKey, string, unknown][] = [
    ['auth.session_days', '30', 30],
    ['base_url', 'null', null],
    ['auth.cors_origins', '', []],
    ['auth.cors_origins', 'https://a.example https://b.example', ['https://a.example', 'https://b.example']],
    ['auth.cors_origins', ' [ "https://a.example" ]', ['https://a.example']],
    ['log.expired_cursor', 'Clamp', 'clamp'],
  ]
  test.each(rows)('a text value is accepted and normalised: %s %j', (key, text, kept) => {
    expect(settingFromText(key, text)).toEqual(kept as never)
  })

  test('text that should be JSON and is not is refused', () => {
    expect(thrownBy(() => settingFromText('named_aliases', '{'))).toMatchObject({ message: 'is not JSON' })
    expect(thrownBy(() => settingFromText('auth.cors_origins', '["a"'))).toMatchObject({
      message: 'is not JSON',
    })
  })
})

test('a rate is a number per minute and a burst, and attempts are a number per seconds', () => {
  expect(parseRate('600/120')).toEqual({ perMinute: 600, burst: 120 })
  expect(parseAttempts('10/300')).toEqual({ count: 10, seconds: 300 })
  for (const parse of [parseRate, parseAttempts]) {
    expect(parse('off')).toBeNull()
    for (const text of ['', '10', '10/', '/300', '0/1', '1/0', '-1/300', '1.5/2', '10/300/2', '10 / 300'])
      expect(() => parse(text)).toThrow(InvalidValue)
  }
})

describe('a value on the command line', () => {
  const rows: [RuntimeKey, string, unknown][] = [
    ['auth.session_days', '30', 30],
    ['drain', 'true', true],
    ['base_url', '"https://a.example"', 'https://a.example'],
    ['base_url', 'null', null],
    ['backup.daily_at', '"04:00"', '04:00'],
    ['backup.daily_at', 'off', null],
    ['instance.name', '5', '5'],
    ['instance.name', ' Home ', 'Home'],
    ['rate.post', '0600/0120', '600/120'],
    [
      'impersonation_allowlist',
      '[{"account":"@Ada","as":["Cairn","*"]}]',
      [{ account: 'ada', as: ['cairn', '*'] }],
    ],
  ]
  test.each(rows)('a value on the command line can be text or JSON: %s %s', (key, text, kept) => {
    expect(settingFromText(key, text)).toEqual(kept as never)
  })

  const refused: [RuntimeKey, string][] = [
    ['instance.name', ''],
    ['instance.name', 'x'.repeat(64)],
    ['instance.name', 'a\nb'],
    ['impersonation_allowlist', '[{"as":["*"]}]'],
    ['impersonation_allowlist', '[{"account":"a","token":"b","as":["*"]}]'],
    ['impersonation_allowlist', '[{"account":"a","as":[]}]'],
    ['impersonation_allowlist', '[{"token":"nonsense","as":["*"]}]'],
    ['drain', 'maybe'],
  ]
  test.each(refused)('an invalid value on the command line is refused: %s %j', (key, text) => {
    expect(() => settingFromText(key, text)).toThrow(InvalidValue)
  })
})
