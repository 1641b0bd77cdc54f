/** A self-contained page: the shared style, and the headers that prevent it from loading anything. */
import look from './look.css' with { type: 'text' }

const parts = ['img-src data:', "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"]

/** Returns the style of a page: the shared one, then its own. */
export function styleOfPage(own: string): string {
  return `${look}\n${own}`
}

/**
 * Returns the headers of a page with one inline style and one inline script. The policy allows both by hash and nothing
 * else. `allowed`: additional directives.
 */
export function pageHeaders(
  { style, script }: { readonly style: string; readonly script: string },
  { cacheControl, allowed = [] }: { readonly cacheControl: string; readonly allowed?: readonly string[] },
): Record<string, string> {
  const own = ["default-src 'none'", `style-src '${sha256(style)}'`, `script-src '${sha256(script)}'`]
  return {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': [...own, ...allowed, ...parts].join('; '),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': cacheControl,
  }
}

function sha256(text: string): string {
  return `sha256-${Bun.SHA256.hash(text, 'base64')}`
}
