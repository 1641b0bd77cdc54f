/** The one document of the console: every page of it has this text, and its script shows what the address names. */
import { icon } from '../mark'
import { styleOfPage } from '../page'
import { buildConsole } from './assets' with { type: 'macro' }

const built = buildConsole()

/** The compiled files by name, as gzip bytes. */
export const files: ReadonlyMap<string, Uint8Array<ArrayBuffer>> = new Map(
  built.files.map(({ name, gzip }) => [name, new Uint8Array(Buffer.from(gzip, 'base64'))]),
)

const style = styleOfPage(built.style)

export const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover, interactive-widget=resizes-content">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>Synapse</title>
<link rel="icon" href="${icon}">
<style>${style}</style>
<script type="module" src="/console/${built.entry}" blocking="render"></script>
</head>
<body>
<div id="app"></div>
<noscript><p class="plain">Synapse needs JavaScript here. Without it: <code>synapse tail</code> in a terminal, and the <a href="/docs">API</a>.</p></noscript>
</body>
</html>
`

/**
 * Scripts come from this server alone; no markup is ever made of text; nothing is loaded from elsewhere. The one trusted
 * type is the address of the service worker, which browsers want as one (packages/console/src/app/worker.ts).
 */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  `style-src 'sha256-${Bun.SHA256.hash(style, 'base64')}'`,
  "img-src 'self' blob: data:",
  "connect-src 'self'",
  "manifest-src 'self'",
  "worker-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types worker',
].join('; ')

export const pageHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': policy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-cache',
} as const

/** The manifest of an installed page. */
export const manifest = JSON.stringify({
  name: 'Synapse',
  short_name: 'Synapse',
  start_url: '/',
  scope: '/',
  display: 'standalone',
  background_color: '#121218',
  theme_color: '#121218',
  icons: [{ src: '/console/icon.svg', sizes: 'any', type: 'image/svg+xml', purpose: 'any' }],
})
