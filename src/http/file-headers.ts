import { HttpError } from './errors'

/** Headers about files: names, media types, ranges and validators (RFC 6266, 8187, 9110). */

const TYPE = /^[a-z0-9!#$&^_.+-]{1,127}\/[a-z0-9!#$&^_.+-]{1,127}$/
/** What curl declares by itself. */
const FORM = 'application/x-www-form-urlencoded'
export const OCTETS = 'application/octet-stream'

/** Returns the declared media type without parameters; OCTETS if none is declared. */
export function declaredType(request: Request): string {
  const type = request.headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  return TYPE.test(type) && type !== FORM ? type : OCTETS
}

/** Returns the number of bytes of a body, as far as the client says it. */
export function announcedLength(request: Request): number | null {
  const header = request.headers.get('content-length')
  return header === null ? null : Number(header)
}

/** Returns the file name in `Content-Disposition`; empty if there is none. */
export function givenFilename(request: Request): string {
  const header = request.headers.get('content-disposition') ?? ''
  const encoded = /;\s*filename\*\s*=\s*utf-8'[^']*'([^;\s]+)/i.exec(header)?.[1]
  if (encoded !== undefined) {
    try {
      return decodeURIComponent(encoded)
    } catch {
      // Then the plain name counts.
    }
  }
  const quoted = /;\s*filename\s*=\s*"((?:[^"\\]|\\.)*)"/i.exec(header)?.[1]
  if (quoted !== undefined) return fromBytes(quoted.replaceAll(/\\(.)/g, '$1'))
  return fromBytes(/;\s*filename\s*=\s*([^;\s"]+)/i.exec(header)?.[1] ?? '')
}

/** Clients send names in UTF-8, which is read as one character per byte. */
function fromBytes(text: string): string {
  if (!/[\x80-\xff]/.test(text) || /[^\0-\xff]/.test(text)) return text
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(text, 'latin1'))
  } catch {
    return text
  }
}

/** Returns `Content-Disposition` with the name in ASCII, and exactly. */
export function disposition(kind: 'inline' | 'attachment', filename: string): string {
  const ascii = filename.replaceAll(/[^\x20-\x7e]|["\\%]/g, '_')
  const exact = encodeURIComponent(filename).replaceAll(
    /['()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `${kind}; filename="${ascii}"; filename*=UTF-8''${exact}`
}

/** Reports whether the client has the content with this tag already. */
export function isKnown(request: Request, etag: string): boolean {
  const header = request.headers.get('if-none-match')
  if (header === null) return false
  return header.trim() === '*' || header.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag)
}

/**
 * Returns the one range of bytes that the client asks for; undefined for all of it. Several ranges, and units other
 * than bytes, are answered by all of it.
 * @throws 416 `range_not_satisfiable` if the range begins after the end
 */
export function rangeOf(
  request: Request,
  size: number,
  etag: string,
): { readonly start: number; readonly end: number } | undefined {
  const [, first, last] = /^bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*$/i.exec(request.headers.get('range') ?? '') ?? []
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined
  const condition = request.headers.get('if-range')
  if (condition !== null && condition.trim() !== etag) return undefined
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first)
  const end = first === '' || last === '' ? size : Math.min(size, Number(last) + 1)
  if (start < end) return { start, end }
  throw new HttpError(
    416,
    'range_not_satisfiable',
    `The file has ${size} bytes`,
    {},
    {
      'content-range': `bytes */${size}`,
    },
  )
}
