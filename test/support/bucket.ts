import { createHmac } from 'node:crypto'

/**
 * A bucket of an S3-compatible service, in memory, on a free port. It checks the signature of every request (AWS
 * Signature Version 4), and answers what the blob store asks: objects with ranges, lists in pages, uploads in parts.
 */
export class TestBucket implements Disposable {
  readonly objects = new Map<string, Uint8Array<ArrayBuffer>>()
  readonly keys = { id: 'AKIATEST', secret: 'a secret with / and +' }
  /** Requests so far, as `PUT name`. */
  readonly requests: string[] = []
  /** Set to let every request fail with this status. */
  failing: number | undefined
  /** Objects on a page of a list. */
  pageSize = 1000
  private readonly parts = new Map<string, Map<number, Uint8Array>>()
  private readonly server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    maxRequestBodySize: 1 << 30,
    fetch: (request) => this.answer(request),
  })

  constructor(readonly name = 'files') {}

  get endpoint(): string {
    return `http://127.0.0.1:${this.server.port}`
  }

  /** The settings of a server that uses it. */
  get settings(): Record<string, string> {
    return {
      SYNAPSE_BLOB_URL: `s3://${this.name}/pre/fix?endpoint=${encodeURIComponent(this.endpoint)}&region=eu-test`,
      SYNAPSE_BLOB_ACCESS_KEY_ID: this.keys.id,
      SYNAPSE_BLOB_SECRET_ACCESS_KEY: this.keys.secret,
    }
  }

  /** The names of the objects without the prefix. */
  get names(): string[] {
    return [...this.objects.keys()].map((name) => name.replace(/^pre\/fix\//, '')).sort()
  }

  [Symbol.dispose](): void {
    this.server.stop(true)
  }

  private async answer(request: Request): Promise<Response> {
    const url = new URL(request.url)
    const name = decodeURIComponent(url.pathname.slice(`/${this.name}/`.length))
    this.requests.push(`${request.method} ${name}`)
    if (this.failing !== undefined) return failure(this.failing, 'InternalError')
    if (!this.isSigned(request, url)) return failure(403, 'SignatureDoesNotMatch')
    if (!`${url.pathname}/`.startsWith(`/${this.name}/`)) return failure(404, 'NoSuchBucket')
    if (url.searchParams.has('list-type')) return this.list(url.searchParams)
    switch (request.method) {
      case 'PUT':
        return this.put(request, name, url.searchParams)
      case 'POST':
        return this.post(request, name, url.searchParams)
      case 'DELETE':
        this.objects.delete(name)
        return new Response(null, { status: 204 })
      default:
        return this.get(request, name)
    }
  }

  private async put(request: Request, name: string, query: URLSearchParams): Promise<Response> {
    const bytes = new Uint8Array(await request.arrayBuffer())
    const upload = query.get('uploadId')
    if (upload === null) this.objects.set(name, bytes)
    else this.parts.get(upload)?.set(Number(query.get('partNumber')), bytes)
    return new Response(null, { headers: { etag: `"${Bun.MD5.hash(bytes, 'hex')}"` } })
  }

  private async post(request: Request, name: string, query: URLSearchParams): Promise<Response> {
    if (query.has('uploads')) {
      const id = crypto.randomUUID()
      this.parts.set(id, new Map())
      return xml(`<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`)
    }
    await request.bytes()
    const parts = this.parts.get(query.get('uploadId') ?? '') ?? new Map<number, Uint8Array>()
    const ordered = [...parts].sort(([one], [other]) => one - other).map(([, bytes]) => bytes)
    this.objects.set(name, new Uint8Array(Buffer.concat(ordered)))
    return xml('<CompleteMultipartUploadResult><ETag>"x"</ETag></CompleteMultipartUploadResult>')
  }

  private get(request: Request, name: string): Response {
    const bytes = this.objects.get(name)
    if (!bytes)
      return request.method === 'HEAD' ? new Response(null, { status: 404 }) : failure(404, 'NoSuchKey')
    const headers = { etag: '"x"', 'last-modified': new Date().toUTCString() }
    if (request.method === 'HEAD')
      return new Response(null, { headers: { ...headers, 'content-length': String(bytes.length) } })
    const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.get('range') ?? '') ?? []
    if (from === undefined) return new Response(bytes, { headers })
    return new Response(bytes.slice(Number(from), to ? Number(to) + 1 : undefined), { status: 206, headers })
  }

  private list(query: URLSearchParams): Response {
    const prefix = query.get('prefix') ?? ''
    const after = query.get('continuation-token') ?? ''
    const names = [...this.objects.keys()].filter((name) => name.startsWith(prefix) && name > after).sort()
    const page = names.slice(0, this.pageSize)
    const isCut = names.length > page.length
    const contents = page.map((name) => {
      const size = this.objects.get(name)?.length ?? 0
      return `<Contents><Key>${name}</Key><LastModified>2020-01-01T00:00:00.000Z</LastModified><Size>${size}</Size></Contents>`
    })
    const next = isCut ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : ''
    return xml(
      `<ListBucketResult><Name>${this.name}</Name><IsTruncated>${isCut}</IsTruncated>${next}<KeyCount>${page.length}</KeyCount>${contents.join('')}</ListBucketResult>`,
    )
  }

  /** https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html */
  private isSigned({ method, headers }: Request, url: URL): boolean {
    const pattern =
      /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/
    const [, id, date = '', region = '', names = '', signature] =
      pattern.exec(headers.get('authorization') ?? '') ?? []
    if (id !== this.keys.id || !names.includes('host')) return false
    const query = url.search
      .slice(1)
      .split('&')
      .filter((pair) => pair !== '')
      .map((pair) => (pair.includes('=') ? pair : `${pair}=`))
      .sort()
      .join('&')
    const signed = names.split(';').map((name) => `${name}:${headers.get(name)?.trim()}\n`)
    const payload = headers.get('x-amz-content-sha256') ?? ''
    const canonical = [method, url.pathname, query, signed.join(''), names, payload].join('\n')
    const scope = `${date}/${region}/s3/aws4_request`
    const toSign = ['AWS4-HMAC-SHA256', headers.get('x-amz-date'), scope, Bun.SHA256.hash(canonical, 'hex')]
    const key = [region, 's3', 'aws4_request'].reduce(mac, mac(`AWS4${this.keys.secret}`, date))
    return mac(key, toSign.join('\n')).toString('hex') === signature
  }
}

function mac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

function xml(text: string): Response {
  return new Response(`<?xml version="1.0"?>${text}`, { headers: { 'content-type': 'application/xml' } })
}

function failure(status: number, code: string): Response {
  return new Response(`<?xml version="1.0"?><Error><Code>${code}</Code></Error>`, { status })
}
