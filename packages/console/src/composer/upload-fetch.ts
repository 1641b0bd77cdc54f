import type { Fetch } from '@synapse/client'

/**
 * Sends a request as `fetch` does and says how much of its body has been sent, from 0 to 1, which `fetch` cannot. For a body
 * that is not a stream.
 */
export function uploading(onProgress: (sent: number) => void): Fetch {
  return (url, init) =>
    new Promise((resolve, reject) => {
      const request = new XMLHttpRequest()
      const { signal } = init
      const abort = () => request.abort()
      const fail = (error: unknown) => {
        signal?.removeEventListener('abort', abort)
        reject(error)
      }
      request.open(init.method ?? 'GET', url)
      request.responseType = 'arraybuffer'
      for (const [name, value] of new Headers(init.headers)) request.setRequestHeader(name, value)
      request.upload.addEventListener('progress', ({ loaded, total, lengthComputable }) => {
        if (lengthComputable && total > 0) onProgress(loaded / total)
      })
      request.addEventListener('load', () => {
        signal?.removeEventListener('abort', abort)
        resolve(answerOf(request))
      })
      request.addEventListener('error', () => fail(new TypeError('The connection was lost')))
      request.addEventListener('abort', () =>
        fail(signal?.reason ?? new DOMException('Aborted', 'AbortError')),
      )
      if (signal?.aborted) return fail(signal.reason)
      signal?.addEventListener('abort', abort)
      // The client gives this function no stream.
      request.send(init.body as XMLHttpRequestBodyInit)
    })
}

function answerOf(request: XMLHttpRequest): Response {
  const headers = new Headers()
  for (const line of request.getAllResponseHeaders().trim().split(/\r?\n/)) {
    const [name = '', ...rest] = line.split(': ')
    if (name !== '') headers.append(name, rest.join(': '))
  }
  const { status, statusText, response } = request
  const hasBody = status !== 204 && status !== 304
  return new Response(hasBody ? (response as ArrayBuffer) : null, { status, statusText, headers })
}
