/**
 * Reads only path and query of a request's URL. The client controls the request line and Host, so the URL may be a path
 * alone (HTTP/1.0, or an invalid Host) or contain an impossible port.
 */

/** Returns the path and query of a request's URL. */
export function targetOf(url: string): string {
  if (url.startsWith('/')) return url
  const start = url.indexOf('/', url.indexOf('://') + 3)
  return start < 0 ? '/' : url.slice(start)
}

/** Returns the request with a URL without the server's name. The name that the client used is in Host. */
export function underPlainUrl(request: Request, method = request.method): Request {
  const { headers, body, signal } = request
  return new Request(`http://localhost${targetOf(request.url)}`, {
    method,
    headers,
    signal,
    // A streamed body requires this option elsewhere (https://fetch.spec.whatwg.org/#dom-requestinit-duplex).
    ...(body === null ? {} : { body, duplex: 'half' }),
  })
}
