/** The link of a pair code, as `synapse pair` shows it (docs/contract/pairing.md#codes). */
export function pairLink(url: string, code: string, device: string): string {
  const bytes = new TextEncoder().encode(JSON.stringify({ v: 1, url, code, device }))
  const payload = btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
  return `${url}/pair#${payload}`
}
