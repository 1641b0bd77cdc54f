/**
 * The request line is the client's to write, and so is Host: behind them the URL of a request may be a path alone
 * (HTTP/1.0, or a Host that is none), or have a port that does not exist. So what is read of it is its path and query.
 */

/** Of the URL of a request: path and query. */
export function targetOf(url: string): string {
  if (url.startsWith('/')) return url
  const start = url.indexOf('/', url.indexOf('://') + 3)
  return start < 0 ? '/' : url.slice(start)
}

/** The same request with a URL that names no server: whom the client meant is in its Host. */
export function underPlainUrl(request: Request, method = request.method): Request {
  const { headers, body, signal } = request
  return new Request(`http://localhost${targetOf(request.url)}`, {
    method,
    headers,
    signal,
    // Elsewhere a body that is a stream needs it to be said (https://fetch.spec.whatwg.org/#dom-requestinit-duplex).
    ...(body === null ? {} : { body, duplex: 'half' }),
  })
}
