// A person with matrix-js-sdk in a page of a real browser, which is served from another origin than the homeserver.
import { join } from 'node:path'
import { BrowserPage, desktop } from '../support/browser'

const SCRIPT = join(import.meta.dir, 'clients/page.js')
const HTML = '<!doctype html><link rel="icon" href="data:,"><script type="module" src="/page.js"></script>'

/** What a page shows of a message. */
export interface ShownMessage {
  readonly id: string
  readonly sender: string
  readonly body: string | null
  readonly isRedacted: boolean
  /** Each as `👍 @ben:example.org`, sorted. */
  readonly reactions: readonly string[]
  /** The id of the root of its thread. */
  readonly root: string | null
}

/** Serves the page to browsers. */
export async function pageSite(): Promise<AsyncDisposable & { readonly url: string }> {
  const { outputs } = await Bun.build({ entrypoints: [SCRIPT], target: 'browser' })
  const [bundle] = outputs
  const text = bundle ? await bundle.text() : ''
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    routes: {
      '/page.js': () => new Response(text, { headers: { 'content-type': 'text/javascript' } }),
      '/': () =>
        new Response(HTML, {
          headers: { 'content-type': 'text/html' },
        }),
    },
  })
  return { url: server.url.href, [Symbol.asyncDispose]: () => server.stop(true) }
}

/** The page of a person. */
export class PersonPage implements AsyncDisposable {
  private constructor(private readonly page: BrowserPage) {}

  static async open(site: string): Promise<PersonPage> {
    const page = await BrowserPage.open(site, desktop)
    await page.becomes("typeof person === 'object'")
    return new PersonPage(page)
  }

  /** Calls a function of `person` in test/matrix/clients/page.js. */
  does<Result = string>(name: string, ...words: readonly string[]): Promise<Result> {
    return this.page.value(`person.${name}(${words.map((word) => JSON.stringify(word)).join(', ')})`)
  }

  shown(): Promise<ShownMessage[]> {
    return this.does('shown')
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.page[Symbol.asyncDispose]()
  }
}
