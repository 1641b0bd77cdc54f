import { type Outbound, type OutboundAnswer, OutboundError } from '../../kernel/outbound'
import { Semaphore } from '../../kernel/semaphore'
import type { Clock } from '../../kernel/time'
import { ImageProbe } from '../../messages/image-header'
import type { JsonObject } from '../canonical'
import { matrixRefusal } from '../errors'
import type { Pages } from '../pages'
import type { Media } from './media'

/** How long a page and its image may take together with their redirects. */
const MAX_MILLISECONDS = 5000
const MAX_REDIRECTS = 3
const MAX_PAGE_BYTES = 1_048_576
const MAX_IMAGE_BYTES = 10_485_760

/** How long a preview is kept, and one that could not be made; and how many. */
const KEPT_MILLISECONDS = 3_600_000
const FAILED_MILLISECONDS = 60_000
const KEPT = 1000

/** Properties of a preview, and code points of each. */
const MAX_PROPERTIES = 40
const MAX_LENGTH = 2000

/** Pages that are read at once, and requests that wait for their turn. */
const AT_ONCE = 4
const WAITING = 64

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])
const HTML = /^(?:text\/html|application\/xhtml\+xml)\b/i

/** A preview, or none, until a time of the steady clock. */
interface Kept {
  readonly preview: Promise<JsonObject | undefined>
  until: number
}

/** An answer, and the address that gave it. */
interface Found {
  readonly url: string
  readonly answer: OutboundAnswer
}

export interface PreviewsDeps {
  readonly outbound: Pick<Outbound, 'call'>
  readonly pages: Pages
  readonly media: Pick<Media, 'keepCopy'>
  readonly clock: Pick<Clock, 'steady'>
  /** How the server calls itself when it reads a page. */
  readonly agent: string
}

/** Shows what pages in the web say of themselves (spec.matrix.org, client-server API, "Content repository"). */
export class Previews {
  private readonly kept = new Map<string, Kept>()
  private readonly turns = new Semaphore(
    (running) => running < AT_ONCE,
    WAITING,
    'Too many pages are being read',
  )

  constructor(private readonly deps: PreviewsDeps) {}

  /**
   * Returns the Open Graph properties of a page; its image is copied to here. A page that cannot be read and one that may not be
   * read look alike.
   * @throws m_invalid_param for what is no address of a page; m_not_found; unavailable
   */
  async of(address: string): Promise<JsonObject> {
    const url = pageOf(address)
    const found = await this.keptOf(url).preview
    if (found) return found
    throw matrixRefusal('M_NOT_FOUND', 'This page cannot be read')
  }

  private keptOf(url: string): Kept {
    const now = this.deps.clock.steady()
    const known = this.kept.get(url)
    if (known && known.until > now) return known
    const kept: Kept = { preview: this.turns.run(() => this.make(url)), until: now + KEPT_MILLISECONDS }
    this.kept.delete(url)
    this.kept.set(url, kept)
    const [oldest] = this.kept.keys()
    if (this.kept.size > KEPT && oldest !== undefined) this.kept.delete(oldest)
    kept.preview.then(
      (preview) => {
        if (!preview) kept.until = this.deps.clock.steady() + FAILED_MILLISECONDS
      },
      () => {
        kept.until = 0
      },
    )
    return kept
  }

  private async make(address: string): Promise<JsonObject | undefined> {
    const until = this.deps.clock.steady() + MAX_MILLISECONDS
    const found = await this.answerOf(address, until, MAX_PAGE_BYTES)
    if (!found) return undefined
    const type = found.answer.headers['content-type'] ?? ''
    if (type.startsWith('image/')) return this.imageAt(found.url, until)
    if (!HTML.test(type)) return {}
    const { properties, title, description } = this.deps.pages.read(found.answer.body, type)
    const known = new Map<string, string>()
    for (const [name, content] of properties)
      if (content !== '' && !known.has(name) && known.size < MAX_PROPERTIES) known.set(name, content)
    const image = known.get('og:image') ?? known.get('og:image:url') ?? known.get('og:image:secure_url')
    const texts = [...known].filter(([name]) => !/^og:image(?::|$)/.test(name))
    return {
      ...shortened({ 'og:title': title, 'og:description': description, ...Object.fromEntries(texts) }),
      ...(image !== undefined && (await this.imageAt(URL.parse(image, found.url)?.href, until))),
    }
  }

  /** Copies an image. Returns what a preview says of it: nothing if it cannot be read. */
  private async imageAt(url: string | undefined, until: number): Promise<JsonObject> {
    const found = url === undefined ? undefined : await this.answerOf(url, until, MAX_IMAGE_BYTES)
    if (!found || found.answer.isCut) return {}
    const { body } = found.answer
    const probe = new ImageProbe()
    probe.push(body)
    if (!probe.found) return {}
    const { mime, width, height } = probe.found
    return {
      'og:image': await this.deps.media.keepCopy(body, mime),
      'og:image:type': mime,
      'og:image:width': width,
      'og:image:height': height,
      'matrix:image:size': body.length,
    }
  }

  /** Reads an address, and those that it redirects to. Undefined if it does not answer with content in time. */
  private async answerOf(address: string, until: number, maxBytes: number): Promise<Found | undefined> {
    let url = address
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const answer = await this.call(url, until, maxBytes)
      if (!answer) return undefined
      if (!REDIRECTS.has(answer.status))
        return answer.status >= 200 && answer.status < 300 ? { url, answer } : undefined
      const next = URL.parse(answer.headers['location'] ?? '', url)
      if (!next) return undefined
      url = next.href
    }
    return undefined
  }

  private async call(url: string, until: number, maxBytes: number): Promise<OutboundAnswer | undefined> {
    const timeoutMs = Math.ceil(until - this.deps.clock.steady())
    if (timeoutMs <= 0) return undefined
    const headers = { 'user-agent': this.deps.agent, accept: 'text/html,application/xhtml+xml,image/*;q=0.8' }
    try {
      return await this.deps.outbound.call({ method: 'GET', url, headers, timeoutMs, maxBytes })
    } catch (error) {
      if (error instanceof OutboundError) return undefined
      throw error
    }
  }
}

/** @throws m_invalid_param */
function pageOf(address: string): string {
  const url = URL.parse(address)
  if (!url || !/^https?:$/.test(url.protocol) || url.hostname === '')
    throw matrixRefusal('M_INVALID_PARAM', 'url is not the http or https address of a page')
  if (url.username !== '' || url.password !== '')
    throw matrixRefusal('M_INVALID_PARAM', 'url names a user or a password')
  url.hash = ''
  return url.href
}

function shortened(texts: Readonly<Record<string, string | undefined>>): JsonObject {
  return Object.fromEntries(
    Object.entries(texts).flatMap(([name, text]) =>
      text === undefined || text === '' ? [] : [[name, [...text].slice(0, MAX_LENGTH).join('')]],
    ),
  )
}
