import { errorCodes, statusOf } from '../error-codes'
import { type Html, html, prose } from './html'

/** The status of a code, with a link to its row. */
export function codeLink(code: string): Html {
  const status = statusOf(code)
  if (status === undefined) return html`<code>${code}</code>`
  return html`<a class="refusal" href="#error-${code}"><span class="status">${status}</span> <code>${code}</code></a>`
}

export function errorTable(): Html {
  const rows = errorCodes.map(
    ({ code, status, detail, remark }) =>
      html`<tr id="error-${code}" data-find="${code} ${status} ${detail} error"><td class="status">${status}</td><th scope="row"><code>${code}</code></th><td>${detail && html`<span class="detail">${detail}</span> `}${remark && html`<span class="remark">${prose(remark)}</span>`}</td></tr>`,
  )
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Error codes"><table class="wide"><thead><tr><th scope="col">Status</th><th scope="col">Code</th><th scope="col">Detail and remarks</th></tr></thead><tbody>${rows}</tbody></table></div>`
}
