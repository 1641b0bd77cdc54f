// Version 2 of the package has no types.
declare module 'eventsource-2' {
  class EventSource {
    constructor(url: string, options?: { readonly headers?: Readonly<Record<string, string>> })
    addEventListener(type: string, listener: (event: { readonly data: string }) => void): void
    close(): void
  }
  export = EventSource
}
