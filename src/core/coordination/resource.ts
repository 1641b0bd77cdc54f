import type { Overlap } from '../kernel/coordination-ports'
import { AppError } from '../kernel/errors'
import { parseUuid } from '../kernel/ids'
import { isLongerThan } from '../kernel/text'

/** In code points. */
const MAX_RESOURCE = 512

const form = /^[a-z][a-z0-9_-]*:(?=.)/su
// Tabs and line breaks are control characters, too.
const controls = /\p{Cc}/u

/**
 * Returns a resource in its one form: paths of `file:` have single slashes and no `./`; ids of `message:` are lower case
 * with dashes (docs/contract/coordination.md#resources). @throws invalid_resource
 */
export function canonicalResource(text: string): string {
  const kind = form.exec(text)?.[0]
  if (kind === undefined || isLongerThan(text, MAX_RESOURCE))
    throw invalidResource(
      `A resource is <kind>:<name>, such as file:src/main.ts, of at most ${MAX_RESOURCE} characters`,
    )
  if (controls.test(text)) throw invalidResource('A resource has no control characters')
  const name = text.slice(kind.length)
  if (kind === 'file:') return `file:${canonicalPath(name)}`
  if (kind !== 'message:') return text
  const uuid = parseUuid(name)
  if (!uuid) throw invalidResource('A message is named by its id: message:<id>')
  return `message:${uuid}`
}

function canonicalPath(text: string): string {
  const parts = text.replaceAll('\\', '/').split('/')
  if (parts.includes('..')) throw invalidResource('A path has no .. in it')
  const isDirectory = parts.at(-1) === '' || parts.at(-1) === '.'
  const names = parts.filter((part) => part !== '' && part !== '.')
  const root = parts[0] === '' && parts.length > 1 ? '/' : ''
  if (names.length === 0 && root === '') throw invalidResource('The path names no file and no directory')
  return `${root}${names.join('/')}${isDirectory && names.length > 0 ? '/' : ''}`
}

/** Returns the id in a resource `message:<id>`; undefined for another kind. */
export function messageIn(resource: string): string | undefined {
  return resource.startsWith('message:') ? resource.slice('message:'.length) : undefined
}

/**
 * Returns what a claim on this resource overlaps. A directory, which ends in a slash, overlaps what is at or below it; a
 * file the directories above it.
 */
export function overlapOf(resource: string): Overlap {
  if (!resource.startsWith('file:')) return { resources: [resource], below: null }
  const resources = [resource, resource.endsWith('/') ? resource.slice(0, -1) : `${resource}/`]
  for (let end = resource.indexOf('/'); end >= 0; end = resource.indexOf('/', end + 1))
    resources.push(resource.slice(0, end + 1))
  return {
    // `file:` alone names nothing.
    resources: [...new Set(resources)].filter((one) => one !== 'file:'),
    below: resource.endsWith('/') ? resource : null,
  }
}

export function invalidResource(why: string): AppError {
  return new AppError('invalid', 'invalid_resource', why)
}
