import { errorOf, isOfType } from './errors'
import type { StreamEvent } from './events'
import { filtersOf, type Link } from './link'
import { timing } from './time'

/** Carries events as server-sent events (html.spec.whatwg.org), over a request. */
export async function overEventStream(link: Link): Promise<void> {
  const { http, selection, since, signal } = link
  const sending = {
    query: { ...filtersOf(selection), since },
    headers: { accept: 'text/event-stream' },
    signal,
  }
  await http.send('GET', '/v1/events', sending, timing.hello, async (response, begun) => {
    const reader = response.body?.getReader()
    if (!reader || !isOfType(response, 'text/event-stream')) throw await errorOf(response)
    const text = new TextDecoder()
    const parser = new Parser(({ type, data, id }) => {
      if (type === 'hello') {
        begun()
        link.opened(JSON.parse(data).cursor)
      } else if (data === '') {
        if (id !== undefined) link.position(id)
      } else if (type !== 'shutdown' && type !== 'bye') {
        link.event(JSON.parse(data) as StreamEvent, id)
      }
    })
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      link.alive()
      parser.push(text.decode(value, { stream: true }))
    }
  })
}

interface Block {
  readonly type: string
  readonly data: string
  /** The id in this block. */
  readonly id: string | undefined
}

/** Splits a stream into blocks. A block that is cut off is dropped. */
class Parser {
  private rest = ''
  private type = ''
  private data: string[] = []
  private id: string | undefined

  constructor(private readonly take: (block: Block) => void) {}

  push(text: string): void {
    const lines = (this.rest + text).split(/\r\n|\n|\r(?!$)/)
    this.rest = lines.pop() ?? ''
    for (const line of lines) {
      if (line === '') this.end()
      else this.line(line)
    }
  }

  private line(line: string): void {
    const colon = line.indexOf(':')
    const value = line.slice(colon + 1).replace(/^ /, '')
    switch (line.slice(0, colon)) {
      case 'event':
        this.type = value
        break
      case 'data':
        this.data.push(value)
        break
      case 'id':
        this.id = value
    }
  }

  private end(): void {
    this.take({ type: this.type, data: this.data.join('\n'), id: this.id })
    this.type = ''
    this.data = []
    this.id = undefined
  }
}
