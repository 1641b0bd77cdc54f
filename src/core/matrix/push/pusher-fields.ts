import { isObject, type JsonObject } from '../canonical'
import { matrixRefusal } from '../errors'
import type { Pusher } from '../pusher-ports'
import { utf8Length } from '../utf8'

const MAX_PUSHKEY = 512
const MAX_APP_ID = 64
/** The rest of a pusher, in characters of JSON. */
const MAX_FIELDS = 8192

/** What a client says of a pusher beside its key. */
export interface PusherFields {
  readonly app_display_name: string
  readonly device_display_name: string
  readonly lang: string
  readonly profile_tag?: string
  /** With the URL of the push gateway. */
  readonly data: JsonObject & { readonly url: string }
}

/** A pusher that a client sets or deletes. */
export interface GivenPusher {
  readonly appId: string
  readonly pushkey: string
  /** Undefined: the pusher is deleted. */
  readonly fields: PusherFields | undefined
  /** Whether other users keep their pushers with the same key. */
  readonly append: boolean
}

/** Reads a pusher from a request. @throws M_MISSING_PARAM, M_BAD_JSON, M_INVALID_PARAM */
export function givenPusher(body: Readonly<Record<string, unknown>>): GivenPusher {
  const { kind, append = false } = body
  const appId = required(body, 'app_id')
  const pushkey = required(body, 'pushkey')
  if (appId === '' || [...appId].length > MAX_APP_ID)
    throw invalid(`app_id has 1 to ${MAX_APP_ID} characters`)
  if (pushkey === '' || utf8Length(pushkey) > MAX_PUSHKEY)
    throw invalid(`pushkey has 1 to ${MAX_PUSHKEY} bytes`)
  if (typeof append !== 'boolean') throw matrixRefusal('M_BAD_JSON', 'append is true or false')
  if (kind === undefined) throw matrixRefusal('M_MISSING_PARAM', 'A pusher needs its kind; null deletes it')
  if (kind === null) return { appId, pushkey, append, fields: undefined }
  if (typeof kind !== 'string') throw matrixRefusal('M_BAD_JSON', 'kind is a text or null')
  if (kind !== 'http')
    throw invalid(`Pushers of the kind ${kind} do not exist on this server: the kind is http`)
  return { appId, pushkey, append, fields: givenFields(body) }
}

function givenFields(body: Readonly<Record<string, unknown>>): PusherFields {
  const { data, profile_tag: tag } = body
  const names = {
    app_display_name: required(body, 'app_display_name'),
    device_display_name: required(body, 'device_display_name'),
    lang: required(body, 'lang'),
  }
  if (data === undefined) throw matrixRefusal('M_MISSING_PARAM', 'A pusher needs data')
  if (!isObject(data)) throw matrixRefusal('M_BAD_JSON', 'data is an object')
  const { url } = data
  if (url === undefined) throw matrixRefusal('M_MISSING_PARAM', 'A pusher needs data.url')
  if (typeof url !== 'string') throw matrixRefusal('M_BAD_JSON', 'data.url is a text')
  if (tag !== undefined && typeof tag !== 'string') throw matrixRefusal('M_BAD_JSON', 'profile_tag is a text')
  const fields = { ...names, ...(tag === undefined ? {} : { profile_tag: tag }), data: { ...data, url } }
  if (JSON.stringify(fields).length > MAX_FIELDS)
    throw invalid(`A pusher has at most ${MAX_FIELDS} characters of JSON`)
  return fields
}

function required(body: Readonly<Record<string, unknown>>, name: string): string {
  const value = body[name]
  if (value === undefined) throw matrixRefusal('M_MISSING_PARAM', `A pusher needs ${name}`)
  if (typeof value !== 'string') throw matrixRefusal('M_BAD_JSON', `${name} is a text`)
  return value
}

/** Returns what a client has said of a stored pusher. */
export function fieldsOf({ json }: Pick<Pusher, 'json'>): PusherFields {
  // Written by `givenFields`.
  return JSON.parse(json) as PusherFields
}

const invalid = (message: string) => matrixRefusal('M_INVALID_PARAM', message)
