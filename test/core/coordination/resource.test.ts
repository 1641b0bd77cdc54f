import { describe, expect, test } from 'bun:test'
import { canonicalResource, overlapOf } from '../../../src/core/coordination/resource'
import { AppError } from '../../../src/core/kernel/errors'

const ID = '0190f6a1-0000-7000-8000-000000000001'

describe('resources', () => {
  test.each([
    ['file:src/main.ts', 'file:src/main.ts'],
    ['file:./src//lib/./a.ts', 'file:src/lib/a.ts'],
    ['file:src\\lib\\a.ts', 'file:src/lib/a.ts'],
    ['file:Src/A.ts', 'file:Src/A.ts'],
    ['file:/etc//hosts', 'file:/etc/hosts'],
    ['file://etc/hosts', 'file:/etc/hosts'],
    ['file:src/', 'file:src/'],
    ['file:src/.', 'file:src/'],
    ['file:src/lib//', 'file:src/lib/'],
    ['file:/', 'file:/'],
    ['file:a..b/..c', 'file:a..b/..c'],
    [`message:${ID.toUpperCase()}`, `message:${ID}`],
    [`message:${ID.replaceAll('-', '')}`, `message:${ID}`],
    ['branch:feature/../x', 'branch:feature/../x'],
    ['deploy-prod_1:eu west', 'deploy-prod_1:eu west'],
    ['x:a:b', 'x:a:b'],
  ])('the canonical form of %s is %s, and stays it', (given, canonical) => {
    expect(canonicalResource(given)).toBe(canonical)
    expect(canonicalResource(canonical)).toBe(canonical)
  })

  test.each([
    '',
    'file',
    'file:',
    ':name',
    'File:a',
    '1x:a',
    ' file:a',
    'file:.',
    'file:./',
    'file:../a',
    'file:a/..',
    'file:a\\..\\b',
    'file:a\nb',
    'branch:a\u0000',
    'branch:a\u0085',
    `branch:${'x'.repeat(506)}`,
    'message:',
    'message:latest',
    'message:0190f6a1-0000-7000-8000',
  ])('%j is no resource', (given) => {
    expect(() => canonicalResource(given)).toThrow(AppError)
  })

  test('a resource has at most 512 characters, not code units', () => {
    expect(canonicalResource(`branch:${'𝒳'.repeat(505)}`)).toEndWith('𝒳')
    expect(() => canonicalResource(`branch:${'𝒳'.repeat(506)}`)).toThrow(AppError)
  })

  test('a file overlaps itself and the directories above it', () => {
    expect(overlapOf('file:src/lib/a.ts')).toEqual({
      resources: ['file:src/lib/a.ts', 'file:src/lib/a.ts/', 'file:src/', 'file:src/lib/'],
      below: null,
    })
    expect(overlapOf('file:/a')).toEqual({ resources: ['file:/a', 'file:/a/', 'file:/'], below: null })
  })

  test('a directory overlaps what is below it, too; another kind only itself', () => {
    expect(overlapOf('file:src/lib/')).toEqual({
      resources: ['file:src/lib/', 'file:src/lib', 'file:src/'],
      below: 'file:src/lib/',
    })
    expect(overlapOf('file:/')).toEqual({ resources: ['file:/'], below: 'file:/' })
    expect(overlapOf('branch:a/b/')).toEqual({ resources: ['branch:a/b/'], below: null })
  })
})
