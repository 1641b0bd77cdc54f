import type { Endpoint } from '../endpoint'
import type { Who } from '../entrance'
import { codeBlock } from './code-block'
import { codeLink } from './error-codes'
import { examplesOf, isSocket } from './examples'
import { Html, html, prose } from './html'
import { type Field, fieldsOf, shapeOf } from './shapes'

const callers: Readonly<Record<Who, string>> = {
  anyone: 'no credential',
  authenticated: 'any credential',
  account: 'an account',
  admin: 'system admins',
}

/** Sketches up to this number of lines are shown open; longer ones are collapsed. */
const SHORT_SHAPE = 14

/** The anchor of an endpoint. Endpoints that are shown as an alias of another path have one, too. */
export function anchorOf({ method, path }: Endpoint): string {
  return `${method.toLowerCase()}-${path.replace(/[^A-Za-z0-9]+/g, '-').replace(/^-|-$/g, '') || 'root'}`
}

export function methodBadge(method: string): Html {
  return html`<span class="method ${method.toLowerCase()}">${method}</span>`
}

/** A path with its parameters highlighted. */
export function pathMarkup(path: string): Html {
  const parts = path
    .split(/(:\w+)/)
    .map((part) => (part.startsWith(':') ? html`<i>{${part.slice(1)}}</i>` : part))
  return html`<code class="path">${parts}</code>`
}

/** Renders one endpoint with all its paths, from the declaration alone. */
export function endpointSection(endpoint: Endpoint, aliases: readonly Endpoint[]): Html {
  const { method, path, summary, description, refusals = [] } = endpoint
  const who = isSocket(endpoint) ? 'account' : endpoint.who
  const find = [method, path, ...aliases.map((one) => one.path), summary, endpoint.tag, ...refusals].join(' ')
  return html`<article class="endpoint" id="${anchorOf(endpoint)}" data-find="${find}" aria-labelledby="${anchorOf(endpoint)}-name">
<div class="text">
<h3 id="${anchorOf(endpoint)}-name"><a href="#${anchorOf(endpoint)}">${methodBadge(method)} ${pathMarkup(path)}</a></h3>
${aliases.map((one) => html`<p class="alias" id="${anchorOf(one)}">also ${methodBadge(one.method)} ${pathMarkup(one.path)}</p>`)}
<p class="summary">${prose(summary)}.</p>
${description && html`<p>${prose(description)}</p>`}
<p class="who"><span>Who may call</span> <b class="${who}">${callers[who]}</b></p>
${fieldTable('Path', pathFields(path))}
${endpoint.query && fieldTable('Query', fieldsOf(endpoint.query, 'query'))}
${endpoint.body && fieldTable('Body', fieldsOf(endpoint.body, 'body'))}
${refusals.length > 0 && html`<div class="refusals"><h4>Errors</h4><p>${refusals.map((code) => html`${codeLink(code)} `)}</p></div>`}
</div>
<div class="side">
${examplesOf(endpoint).map(({ caption, text }) => codeBlock(caption, 'sh', text))}
${answers(endpoint)}
</div>
</article>`
}

function pathFields(path: string): Field[] {
  return [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => ({
    name,
    required: true,
    type: name === 'slug' ? 'slug' : 'uuid',
    limits: '',
    description: '',
  }))
}

function fieldTable(place: string, fields: readonly Field[]): Html | false {
  if (fields.length === 0) return false
  const rows = fields.map(
    ({ name, required, type, limits, description }) =>
      html`<tr><th scope="row"><code>${name}</code>${required && html` <em>required</em>`}</th><td><span class="type">${type}</span>${limits && html` <span class="limits">${limits}</span>`}${description && html`<span class="description">${prose(description)}</span>`}</td></tr>`,
  )
  return html`<table class="fields"><caption>${place}</caption><thead class="unseen"><tr><th scope="col">Name</th><th scope="col">Value</th></tr></thead><tbody>${rows}</tbody></table>`
}

function answers({ answers: all }: Endpoint): Html {
  const items = Object.entries(all).map(([status, { description, schema }]) => {
    const head = html`<span class="status">${status}</span> ${prose(description)}`
    if (!schema) return html`<p class="answer">${head}</p>`
    const shape = shapeOf(schema)
    const isShort = shape.split('\n').length <= SHORT_SHAPE
    return html`<details class="answer"${isShort && new Html(' open')}><summary>${head}</summary>${codeBlock('shape', 'shape', shape)}</details>`
  })
  return html`<div class="answers"><h4>Answers</h4>${items}</div>`
}
