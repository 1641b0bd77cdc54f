import { type ReadonlySignal, type Signal, signal } from '@preact/signals'
import { connect } from '@synapse/client'
import { background } from '../background'
import { type Console, type Place, placeKey } from '../state'
import { newKey, wordsOf } from '../ui'
import { uploading } from './upload-fetch'

/** A file on its way to the server. When it is there, it becomes an attachment of the draft. */
export interface Upload {
  readonly id: string
  readonly name: string
  readonly size: number
  /** From 0 to 1. */
  readonly sent: number
  /** Why it failed. */
  readonly problem: string | undefined
  /** Stops it, or removes it if it failed. */
  readonly cancel: () => void
  /** Sends it once more. */
  readonly again: () => void
}

/** Attachments that one message may have. */
export const MOST_FILES = 10

/** By account and place: an upload goes on while another conversation is shown. */
const known = new WeakMap<Console, Map<string, Signal<readonly Upload[]>>>()

/** The uploads of a place that have not ended. */
export function uploadsAt(app: Console, place: Place): ReadonlySignal<readonly Upload[]> {
  return entry(app, place)
}

function entry(app: Console, place: Place): Signal<readonly Upload[]> {
  const places = known.get(app) ?? new Map<string, Signal<readonly Upload[]>>()
  known.set(app, places)
  const key = placeKey(place)
  const found = places.get(key) ?? signal<readonly Upload[]>([])
  places.set(key, found)
  return found
}

/** Whether the message of a place can have so many files more: it has at most ten. */
export function hasRoomFor(app: Console, place: Place, count: number): boolean {
  const { attachments } = app.drafts.at(place).peek()
  return entry(app, place).peek().length + attachments.length + count <= MOST_FILES
}

/** Uploads files for the draft of a place. Resolves when all have ended; to false if one is not there. */
export async function upload(app: Console, place: Place, files: readonly File[]): Promise<boolean> {
  const list = entry(app, place)
  const ends = await Promise.all(files.map((file) => begin(app, place, list, file)))
  return ends.every(Boolean)
}

async function begin(
  app: Console,
  place: Place,
  list: Signal<readonly Upload[]>,
  file: File,
): Promise<boolean> {
  const id = newKey()
  const change = (values: Partial<Upload>) => {
    list.value = list.peek().map((one) => (one.id === id ? { ...one, ...values } : one))
  }
  const remove = () => {
    list.value = list.peek().filter((one) => one.id !== id)
  }
  const attempt = async (): Promise<boolean> => {
    const stopping = new AbortController()
    const cancel = () => {
      stopping.abort()
      remove()
    }
    change({ sent: 0, problem: undefined, cancel })
    const client = connect({ fetch: uploading((sent) => change({ sent })) })
    try {
      const attachment = await client.request('POST /v1/attachments', {
        body: file,
        headers: {
          'content-type': file.type || 'application/octet-stream',
          'content-disposition': `attachment; filename*=utf-8''${encoded(file.name)}`,
        },
        signal: stopping.signal,
      })
      remove()
      const { attachments } = app.drafts.at(place).peek()
      app.drafts.change(place, { attachments: [...attachments, attachment] })
      return true
    } catch (error) {
      if (!stopping.signal.aborted) change({ problem: wordsOf(error).detail, cancel: remove })
      return false
    }
  }
  const again = () => background(attempt())
  const { name, size } = file
  list.value = [...list.peek(), { id, name, size, sent: 0, problem: undefined, cancel: remove, again }]
  return await attempt()
}

/** A name as a header takes it (RFC 8187). */
function encoded(name: string): string {
  return encodeURIComponent(name.toWellFormed()).replace(
    /['()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16)}`,
  )
}
