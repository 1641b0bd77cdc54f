import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { carelessCaddy, hasCaddy } from '../proxies/caddy'
import type { Front } from '../proxies/front'
import { carelessHaproxy, hasHaproxy } from '../proxies/haproxy'
import { carelessNginx, hasNginx } from '../proxies/nginx'
import { Site } from '../support/site'
import { examined } from './examined'

setDefaultTimeout(120_000)

/** The mistake, a proxy that makes it, the check that reports it, and the words of the report. */
type Row = [
  title: string,
  front: (upstream: string) => Promise<Front>,
  check: 'base_url' | 'proxy',
  detail: string,
  fix: string,
]

describe('doctor behind a misconfigured proxy', () => {
  let site: Site
  let upstream = ''

  beforeAll(async () => {
    site = new Site()
    upstream = new URL((await site.serve()).url).host
  })
  afterAll(() => site[Symbol.asyncDispose]())

  const examine = (isThere: boolean, rows: Row[]) => {
    for (const [title, start, check, detail, fix] of rows)
      test.concurrent.if(isThere)(`doctor reports ${title}`, async () => {
        await using front = await start(upstream)
        const { code, of } = await examined(site, { SYNAPSE_BASE_URL: front.origin })
        expect(of(check)).toMatchObject({
          status: check === 'proxy' ? 'warn' : 'fail',
          detail: expect.stringContaining(detail),
          fix: expect.stringContaining(fix),
        })
        expect(code).toBe(check === 'proxy' ? 1 : 2)
      })
  }

  const decoded = 'the proxy decodes paths'
  const buffered = 'event streams are buffered'
  const elsewhere = 'receives other paths'
  const nameless = 'every client seems to be the proxy'
  const closed = 'WebSockets do not open'
  const renamed = 'Host arrives as'

  describe('nginx', () => {
    const sockets = [
      'proxy_http_version 1.1;',
      'proxy_set_header Upgrade $http_upgrade;',
      'proxy_set_header Connection upgrade;',
    ]
    const forwards = 'proxy_set_header X-Forwarded-For $remote_addr;'
    const host = 'proxy_set_header Host $http_host;'
    const all = [...sockets, forwards, host]
    const gzip = 'gzip on; gzip_min_length 0; gzip_proxied any; gzip_types text/event-stream;'
    const by =
      (lines: readonly string[], options = {}) =>
      (to: string) =>
        carelessNginx(to, lines, options)
    examine(hasNginx, [
      ['blocked WebSockets', by([host, forwards]), 'base_url', closed, 'nginx: proxy_set_header Upgrade'],
      [
        'a Host header without its port',
        by([...sockets, forwards, 'proxy_set_header Host $host;']),
        'base_url',
        'Host arrives as localhost instead of localhost:',
        'nginx: proxy_set_header Host $http_host',
      ],
      ['decoded paths', by(all, { path: '/' }), 'base_url', decoded, 'not even a slash'],
      [
        'compressed and buffered event streams',
        by([...all, 'proxy_ignore_headers X-Accel-Buffering;', gzip]),
        'base_url',
        buffered,
        'nginx: proxy_buffering off',
      ],
      [
        'missing client addresses',
        by([...sockets, host]),
        'proxy',
        nameless,
        'nginx: proxy_set_header X-Forwarded-For',
      ],
      [
        'blocked paths that begin with a dot',
        by([...all, '} location /.well-known { return 404;']),
        'base_url',
        '/.well-known/synapse does not arrive here (status 404)',
        'paths that begin with a dot',
      ],
      [
        'an added path prefix',
        by(all, { path: '/synapse/' }),
        'base_url',
        elsewhere,
        'nginx: proxy_pass without a path',
      ],
      [
        'a removed path prefix',
        by(all, { below: '/v1/', path: '/' }),
        'base_url',
        elsewhere,
        'cannot run below a path',
      ],
      [
        'a path instead of a host name',
        by(all, { below: '/synapse/', path: '/' }),
        'base_url',
        'another program answers there (status 404)',
        'cannot run below a path',
      ],
    ])
  })

  describe('Caddy', () => {
    const by =
      (lines: readonly string[], around = ['', '']) =>
      (to: string) =>
        carelessCaddy([around[0] ?? '', `reverse_proxy ${to} {`, ...lines, '}', around[1] ?? ''])
    const packing = 'encode {\ngzip\nminimum_length 1\nmatch {\nheader Content-Type text/event-stream*\n}\n}'
    examine(hasCaddy, [
      [
        'compressed event streams',
        by([], [packing, '']),
        'base_url',
        buffered,
        'Caddy: no buffering of responses',
      ],
      [
        'buffered event streams',
        by(['buffer_responses']),
        'base_url',
        buffered,
        'no encode of text/event-stream',
      ],
      [
        'a changed Host header',
        by(['header_up Host synapse']),
        'base_url',
        renamed,
        'Caddy: no header_up Host',
      ],
      ['blocked WebSockets', by(['header_up -Upgrade']), 'base_url', closed, 'Caddy: no header_up Upgrade'],
      [
        'missing client addresses',
        by(['header_up -X-Forwarded-For']),
        'proxy',
        nameless,
        'Caddy: no header_up X-Forwarded-For',
      ],
      [
        'an added path prefix',
        by([], ['rewrite * /synapse{uri}', '']),
        'base_url',
        elsewhere,
        'Caddy: no handle_path',
      ],
      [
        'a path instead of a host name',
        by([], ['handle_path /synapse/* {', '}']),
        'base_url',
        'another program answers there (status 200)',
        'cannot run below a path',
      ],
    ])
  })

  // HAProxy does not identify itself, so the remedy names it beside the most common proxy.
  describe('HAProxy', () => {
    const forwards = 'http-request set-header X-Forwarded-For %[src]'
    const by = (lines: readonly string[]) => (to: string) => carelessHaproxy(to, lines)
    examine(hasHaproxy, [
      [
        'compressed event streams',
        by([forwards, 'compression algo gzip', 'compression type text/event-stream']),
        'base_url',
        buffered,
        'no compression of text/event-stream',
      ],
      [
        'buffered event streams',
        by([forwards, 'http-response wait-for-body time 10s']),
        'base_url',
        buffered,
        'HAProxy: no http-response wait-for-body',
      ],
      [
        'a changed Host header',
        by([forwards, 'http-request set-header Host synapse']),
        'base_url',
        renamed,
        'HAProxy: no http-request set-header Host',
      ],
      [
        'blocked WebSockets',
        by([forwards, 'http-request del-header Upgrade']),
        'base_url',
        closed,
        'HAProxy: no http-request del-header Upgrade',
      ],
      [
        'missing client addresses',
        by([]),
        'proxy',
        nameless,
        'HAProxy: http-request set-header X-Forwarded-For %[src]',
      ],
      [
        'decoded paths',
        by([forwards, 'http-request set-path %[path,url_dec]']),
        'base_url',
        decoded,
        'HAProxy: no http-request set-path',
      ],
      [
        'an added path prefix',
        by([forwards, 'http-request set-path /synapse%[path]']),
        'base_url',
        elsewhere,
        'no http-request set-path',
      ],
    ])
  })
})
