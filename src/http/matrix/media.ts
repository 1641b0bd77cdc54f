/** Files of `mxc://` URIs: uploads, downloads, thumbnails, and previews of pages. */
import type { Core } from '../../core'
import type { Person } from '../../core/identity/actor'
import type { Matrix } from '../../core/matrix'
import type { MediaHeader, StoredFile } from '../../core/matrix/media/media'
import type { WantedSize } from '../../core/matrix/media/thumbnails'
import { filenameOf } from '../../core/messages/filename'
import type { Answer, Endpoint } from '../endpoint'
import { announcedLength, declaredType, disposition, OCTETS } from '../file-headers'
import { holdRequest } from '../held-request'
import { streamed } from '../schema'
import { fileAnswer } from '../stored-bytes'
import type { App } from '../surface'
import { matrixEndpoint } from './endpoint'
import { matrixError, unrecognized } from './errors'
import type { Query } from './query'
import { uploadEndpoint } from './upload-endpoint'

/** What older clients call the same paths. */
const VERSIONS = ['v3', 'r0', 'v1'] as const
const belowMedia = (path: string) => VERSIONS.map((version) => `/_matrix/media/${version}${path}`)

const UPLOAD = streamed({
  contentType: OCTETS,
  maxBytes: (settings) => settings.get('matrix.media.max_bytes'),
})

/** How long a download waits for bytes that are not uploaded yet, and how often it looks. */
const MAX_WAIT_MILLISECONDS = 20_000
const LOOK_MILLISECONDS = 200

/** The types that a browser may show in place (spec.matrix.org, "Serving inline content"). */
const INLINE: ReadonlySet<string> = new Set([
  ...['text/css', 'text/plain', 'text/csv', 'application/json', 'application/ld+json'],
  ...['image/jpeg', 'image/gif', 'image/png', 'image/apng', 'image/webp', 'image/avif'],
  ...['video/mp4', 'video/webm', 'video/ogg', 'video/quicktime'],
  ...['audio/mp4', 'audio/webm', 'audio/aac', 'audio/mpeg', 'audio/ogg', 'audio/wave', 'audio/wav'],
  ...['audio/x-wav', 'audio/x-pn-wav', 'audio/flac', 'audio/x-flac'],
])

/** Nothing in a file may run in the place of this server, whatever a browser takes it for. */
const POLICY =
  "sandbox; default-src 'none'; script-src 'none'; plugin-types application/pdf; style-src 'unsafe-inline'; object-src 'self';"

export function mediaEndpoints(core: Core, matrix: Matrix, app: App): Endpoint[] {
  return [
    ...uploadEndpoints(core, matrix),
    ...downloadEndpoints(matrix, app),
    ...matrixEndpoint(matrix, {
      method: 'GET',
      path: ['/_matrix/client/v1/media/preview_url', ...belowMedia('/preview_url')],
      who: 'account',
      rate: 'media',
      summary: 'What a page of the web says of itself',
      handle: async ({ query }) => {
        if (!core.settings.get('matrix.media.previews')) throw unrecognized()
        const url = query.required('url')
        // The newest form of a page is always good enough.
        query.number('ts')
        return { status: 200, json: await matrix.previews.of(url) }
      },
    }),
  ]
}

function uploadEndpoints(core: Core, matrix: Matrix): Endpoint[] {
  return [
    ...uploadEndpoint(matrix, {
      method: 'POST',
      path: belowMedia('/upload'),
      summary: 'Upload a file',
      body: UPLOAD,
      handle: async ({ actor, body, request, query }) => {
        const header = headerOf(request, query)
        const uri = await matrix.media.upload(actor, body, announcedLength(request), header)
        return { status: 200, json: { content_uri: uri } }
      },
    }),
    ...uploadEndpoint(matrix, {
      method: 'PUT',
      path: belowMedia('/upload/:server/:media'),
      summary: 'Upload the bytes of a reserved URI',
      body: UPLOAD,
      handle: async ({ actor, body, request, query, params: { server = '', media = '' } }) => {
        const header = headerOf(request, query)
        await matrix.media.complete(actor, server, media, body, announcedLength(request), header)
        return { status: 200, json: {} }
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'POST',
      path: '/_matrix/media/v1/create',
      who: 'account',
      rate: 'media',
      summary: 'Reserve a URI for bytes that are uploaded later',
      handle: async ({ actor }) => {
        const { uri, pendingUntil } = await matrix.media.reserve(actor)
        return {
          status: 200,
          json: { content_uri: uri, unused_expires_at: Math.floor(pendingUntil / 1000) },
        }
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'GET',
      path: ['/_matrix/client/v1/media/config', ...belowMedia('/config')],
      who: 'account',
      summary: 'The largest upload',
      handle: () => ({
        status: 200,
        json: { 'm.upload.size': core.settings.get('matrix.media.max_bytes') },
      }),
    }),
  ]
}

function downloadEndpoints(matrix: Matrix, app: App): Endpoint[] {
  const waiting = (actor: Person, request: Request, query: Query, server: string, media: string) => {
    const wait = Math.min(query.number('timeout_ms') ?? MAX_WAIT_MILLISECONDS, MAX_WAIT_MILLISECONDS)
    return whenUploaded(app, actor, request, wait, () => matrix.media.find(actor, server, media))
  }
  /** Whoever has no token may not hold a connection. */
  const open = async (server: string, media: string) => {
    const found = await matrix.media.findOpen(server, media)
    if (found === 'pending') throw notYetUploaded()
    return found
  }
  const paths = (prefix: string) => [`${prefix}/:server/:media`, `${prefix}/:server/:media/:name`]
  return [
    ...matrixEndpoint(matrix, {
      method: 'GET',
      path: paths('/_matrix/client/v1/media/download'),
      who: 'account',
      rate: 'media',
      summary: 'Download a file',
      handle: async ({ actor, request, query, params: { server = '', media = '', name } }) => {
        return download(matrix, request, await waiting(actor, request, query, server, media), name)
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'GET',
      path: belowMedia('/download').flatMap(paths),
      who: 'anyone',
      summary: 'Download a file without a token',
      handle: async ({ request, params: { server = '', media = '', name } }) => {
        return download(matrix, request, await open(server, media), name)
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'GET',
      path: '/_matrix/client/v1/media/thumbnail/:server/:media',
      who: 'account',
      rate: 'media',
      summary: 'Download a small form of an image',
      handle: async ({ actor, request, query, params: { server = '', media = '' } }) => {
        const wanted = wantedSize(query)
        const file = await waiting(actor, request, query, server, media)
        return download(matrix, request, await matrix.thumbnails.of(file, wanted), undefined)
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'GET',
      path: belowMedia('/thumbnail/:server/:media'),
      who: 'anyone',
      summary: 'Download a small form of an image without a token',
      handle: async ({ request, query, params: { server = '', media = '' } }) => {
        const wanted = wantedSize(query)
        const file = await open(server, media)
        return download(matrix, request, await matrix.thumbnails.of(file, wanted), undefined)
      },
    }),
  ]
}

/** @throws M_MISSING_PARAM, M_INVALID_PARAM */
function wantedSize(query: Query): WantedSize {
  const side = (name: 'width' | 'height') => {
    query.required(name)
    const pixels = query.number(name) ?? 0
    if (pixels === 0) throw matrixError(400, 'M_INVALID_PARAM', `${name} is at least 1`)
    return pixels
  }
  // A thumbnail never moves, whatever the client prefers.
  query.flag('animated')
  const method = query.word('method', ['crop', 'scale']) ?? 'scale'
  return { width: side('width'), height: side('height'), method }
}

/** What a request says of the bytes that it uploads. */
function headerOf(request: Request, query: Query): MediaHeader {
  const name = query.text('filename') ?? ''
  return { mime: typeWithCharset(request), name: name === '' ? null : filenameOf(name) }
}

/** Returns the media type. Of its parameters only the character set is kept, which a browser needs to show text. */
function typeWithCharset(request: Request): string {
  const type = declaredType(request)
  const charset = /;\s*charset="?([\w.:-]{1,40})"?\s*(?:;|$)/i.exec(request.headers.get('content-type') ?? '')
  return charset === null || type === OCTETS ? type : `${type}; charset=${charset[1]}`
}

/** Waits until the bytes of a file are uploaded. @throws 504 M_NOT_YET_UPLOADED */
async function whenUploaded(
  { limits, host }: Pick<App, 'limits' | 'host'>,
  actor: Person,
  request: Request,
  milliseconds: number,
  find: () => Promise<StoredFile | 'pending'>,
): Promise<StoredFile> {
  const first = await find()
  if (first !== 'pending') return first
  using _ = holdRequest(limits, actor, request, Math.ceil(milliseconds / 1000))
  const end = performance.now() + milliseconds
  // Another process may receive the bytes, so there is no signal to wait for.
  while (performance.now() < end && !request.signal.aborted && !host.vitals.isStopping()) {
    await Bun.sleep(LOOK_MILLISECONDS)
    const found = await find()
    if (found !== 'pending') return found
  }
  throw notYetUploaded()
}

function notYetUploaded() {
  return matrixError(504, 'M_NOT_YET_UPLOADED', 'The bytes of this file are not uploaded yet')
}

function download(
  matrix: Matrix,
  request: Request,
  file: StoredFile,
  name: string | undefined,
): Promise<Answer> {
  const shown = {
    ...file,
    cacheControl: 'private, max-age=31536000, immutable',
    headers: headersOf(file, name === undefined || name === '' ? file.name : filenameOf(name)),
  }
  return fileAnswer(request, shown, (range) => matrix.media.open(file, range))
}

function headersOf({ mime }: StoredFile, name: string | null): Record<string, string> {
  const kind = INLINE.has(mime.split(';', 1)[0] ?? '') ? 'inline' : 'attachment'
  return {
    'content-type': mime,
    'content-disposition': name === null ? kind : disposition(kind, name),
    'content-security-policy': POLICY,
    'cross-origin-resource-policy': 'cross-origin',
  }
}
