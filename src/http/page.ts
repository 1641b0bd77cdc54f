/** A page that is whole in itself: the look that all of them share, and the headers that keep it whole. */
import look from './look.css' with { type: 'text' }

const parts = ['img-src data:', "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"]

/** The style of a page: the look of all of them, then its own. */
export function styleOfPage(own: string): string {
  return `${look}\n${own}`
}

/**
 * The headers of a page that carries its one style and one script. Nothing is loaded from anywhere: both are allowed by
 * what they are, not by where. `allowed`: directives that the page needs beyond these.
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
