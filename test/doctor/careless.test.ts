import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { carelessCaddy, hasCaddy } from '../proxies/caddy'
import type { Front } from '../proxies/front'
import { carelessHaproxy, hasHaproxy } from '../proxies/haproxy'
import { carelessNginx, hasNginx } from '../proxies/nginx'
import { Site } from '../support/site'
import { examined } from './examined'

setDefaultTimeout(60_000)

/** What is wrong, the proxy that does it, the line of doctor that says so, and its words. */
type Row = [
  title: string,
  front: (upstream: string) => Promise<Front>,
  check: 'base_url' | 'proxy',
  detail: string,
  fix: string,
]

describe('behind a careless proxy doctor names what is wrong', () => {
  let site: Site
  let upstream = ''

  beforeAll(async () => {
    site = new Site()
    upstream = new URL((await site.serve()).url).host
  })
  afterAll(() => site[Symbol.asyncDispose]())

  const examine = (isThere: boolean, rows: Row[]) => {
    for (const [title, start, check, detail, fix] of rows)
      test.concurrent.if(isThere)(title, async () => {
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
  const elsewhere = 'is asked for other paths'
  const nameless = 'everybody seems to be the proxy'
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
      ['no WebSockets', by([host, forwards]), 'base_url', closed, 'nginx: proxy_set_header Upgrade'],
      [
        'a name without its port',
        by([...sockets, forwards, 'proxy_set_header Host $host;']),
        'base_url',
        'Host arrives as localhost instead of localhost:',
        'nginx: proxy_set_header Host $http_host',
      ],
      ['decoded paths', by(all, { path: '/' }), 'base_url', decoded, 'not even a slash'],
      [
        'streams that it packs and buffers',
        by([...all, 'proxy_ignore_headers X-Accel-Buffering;', gzip]),
        'base_url',
        buffered,
        'nginx: proxy_buffering off',
      ],
      [
        'nameless clients',
        by([...sockets, host]),
        'proxy',
        nameless,
        'nginx: proxy_set_header X-Forwarded-For',
      ],
      [
        'dot-paths that are swallowed',
        by([...all, '} location /.well-known { return 404;']),
        'base_url',
        '/.well-known/synapse does not arrive here (status 404)',
        'dot-paths',
      ],
      [
        'a path that it puts before ours',
        by(all, { path: '/synapse/' }),
        'base_url',
        elsewhere,
        'nginx: proxy_pass without a path',
      ],
      [
        'a path of ours that it takes away',
        by(all, { below: '/v1/', path: '/' }),
        'base_url',
        elsewhere,
        'cannot live below a path',
      ],
      [
        'a path that it gives us in place of a name',
        by(all, { below: '/synapse/', path: '/' }),
        'base_url',
        'something else answers there (status 404)',
        'cannot live below a path',
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
        'streams that it packs',
        by([], [packing, '']),
        'base_url',
        buffered,
        'Caddy: no buffering of responses',
      ],
      [
        'streams that it buffers',
        by(['buffer_responses']),
        'base_url',
        buffered,
        'no encode of text/event-stream',
      ],
      ['another name', by(['header_up Host synapse']), 'base_url', renamed, 'Caddy: no header_up Host'],
      ['no WebSockets', by(['header_up -Upgrade']), 'base_url', closed, 'Caddy: no header_up Upgrade'],
      [
        'nameless clients',
        by(['header_up -X-Forwarded-For']),
        'proxy',
        nameless,
        'Caddy: no header_up X-Forwarded-For',
      ],
      [
        'a path that it puts before ours',
        by([], ['rewrite * /synapse{uri}', '']),
        'base_url',
        elsewhere,
        'Caddy: no handle_path',
      ],
      [
        'a path that it gives us in place of a name',
        by([], ['handle_path /synapse/* {', '}']),
        'base_url',
        'something else answers there (status 200)',
        'cannot live below a path',
      ],
    ])
  })

  // It says of itself nothing, so that doctor names it beside the one that is met most.
  describe('HAProxy', () => {
    const forwards = 'http-request set-header X-Forwarded-For %[src]'
    const by = (lines: readonly string[]) => (to: string) => carelessHaproxy(to, lines)
    examine(hasHaproxy, [
      [
        'streams that it packs',
        by([forwards, 'compression algo gzip', 'compression type text/event-stream']),
        'base_url',
        buffered,
        'no compression of text/event-stream',
      ],
      [
        'streams that it buffers',
        by([forwards, 'http-response wait-for-body time 10s']),
        'base_url',
        buffered,
        'HAProxy: no http-response wait-for-body',
      ],
      [
        'another name',
        by([forwards, 'http-request set-header Host synapse']),
        'base_url',
        renamed,
        'HAProxy: no http-request set-header Host',
      ],
      [
        'no WebSockets',
        by([forwards, 'http-request del-header Upgrade']),
        'base_url',
        closed,
        'HAProxy: no http-request del-header Upgrade',
      ],
      [
        'nameless clients',
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
        'a path that it puts before ours',
        by([forwards, 'http-request set-path /synapse%[path]']),
        'base_url',
        elsewhere,
        'no http-request set-path',
      ],
    ])
  })
})
