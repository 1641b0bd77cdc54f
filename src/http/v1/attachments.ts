import type { Core } from '../../core'
import type { Attachment } from '../../core/kernel/entities'
import { filenameOf } from '../../core/messages/filename'
import { type Answer, type Endpoint, endpoint } from '../endpoint'
import { HttpError } from '../errors'
import { announcedLength, declaredType, disposition, givenFilename, OCTETS } from '../file-headers'
import { streamed } from '../schema'
import { fileAnswer } from '../stored-bytes'
import { attachmentSchema } from './schemas'
import { attachmentJson } from './wire'

const upload = streamed({
  contentType: OCTETS,
  maxBytes: (settings) => settings.get('attachments.max_bytes'),
})

/** The types that are shown in place. A file that declares one of them and is none is anything. */
const SHOWN: ReadonlySet<string> = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp'])

export function attachmentEndpoints(core: Core): Endpoint[] {
  return [
    endpoint({
      method: 'POST',
      path: '/v1/attachments',
      who: 'account',
      tag: 'Messages',
      summary: 'Upload a file',
      description:
        'The body is the file as it is. `Content-Type` and the file name in `Content-Disposition` are kept. Name the id in `attachments` of a message within 24 hours; otherwise the file is deleted.',
      body: upload,
      answers: { 201: { description: 'The file', schema: attachmentSchema } },
      refusals: ['missing_scope', 'quota_exceeded', 'not_found', 'unsupported_media_type', 'storage_full'],
      handle: async ({ actor, body, request, once, isRepeated }) => {
        requirePlain(request)
        const early = (await isRepeated()) ? null : { length: announcedLength(request) }
        await using received = await core.attachments.receive(actor, body, early)
        const declared = declaredType(request)
        const given = {
          filename: filenameOf(givenFilename(request)),
          mime: SHOWN.has(declared) ? OCTETS : declared,
        }
        // What is stored for a repeated request names nothing of the file, which may be deleted before.
        const kept = await once(
          (who) => core.attachments.add(who, received, given),
          ({ uuid }) => ({ status: 201, json: { id: uuid } }),
          received.sha256,
        )
        if (!('json' in kept)) return kept
        const { id } = kept.json as { readonly id: string }
        return { ...kept, json: attachmentJson(await core.attachments.find(actor, id)) }
      },
    }),
    endpoint({
      method: 'GET',
      path: '/v1/attachments/:id',
      who: 'account',
      tag: 'Messages',
      summary: 'Download a file',
      description:
        'For readers of its message; before a message has it, for the account that uploaded it. Takes `Range`, `If-Range` and `If-None-Match`. Images are shown in place, other files are saved.',
      answers: {
        200: { description: 'The bytes' },
        206: { description: 'The bytes of a range' },
        304: { description: 'The client has them already' },
      },
      refusals: ['attachment_not_found', 'range_not_satisfiable'],
      handle: ({ actor, params, request }) => download(core, actor, params.id ?? '', request),
    }),
  ]
}

async function download(
  core: Core,
  actor: Parameters<Core['attachments']['find']>[0],
  id: string,
  request: Request,
): Promise<Answer> {
  const attachment = await core.attachments.find(actor, id)
  // The bytes never change, but the right to read them may end: so each use asks again.
  const file = { ...attachment, cacheControl: 'private, no-cache', headers: headersOf(attachment) }
  return fileAnswer(request, file, (range) => core.attachments.open(attachment, range))
}

/** Nothing in a file may run in the place of this server, whatever a browser takes it for. */
function headersOf({ kind, mime, filename }: Attachment): Record<string, string> {
  return {
    'content-type': mime,
    'content-disposition': disposition(kind === 'image' ? 'inline' : 'attachment', filename),
    'content-security-policy': "sandbox; default-src 'none'",
  }
}

/** @throws 415 for a compressed body, which would be stored as it came */
function requirePlain(request: Request): void {
  const coding = request.headers.get('content-encoding')?.trim().toLowerCase() ?? ''
  if (coding === '' || coding === 'identity') return
  const message = 'Send the file as it is, without Content-Encoding'
  throw new HttpError(415, 'unsupported_media_type', message, {}, { 'accept-encoding': 'identity' })
}
