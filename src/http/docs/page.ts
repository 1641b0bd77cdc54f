import type { Catalogue } from '../../core/log/catalogue'
import { CONTRACT_VERSION } from '../contract'
import type { Endpoint } from '../endpoint'
import { icon } from '../mark'
import { anchorOf, endpointSection, methodBadge, pathMarkup } from './endpoint-section'
import { errorTable } from './error-codes'
import { eventTable } from './event-types'
import { groupIntroductions, guideRules, guideSteps, ruleTitles, stepTitles } from './guide'
import { Html, html, prose } from './html'
import { logo } from './pictures'
import { frameTables } from './socket-frames'

/** An endpoint, and the equal ones at other paths. */
interface Entry {
  readonly endpoint: Endpoint
  readonly aliases: readonly Endpoint[]
}

interface Group {
  readonly tag: string
  readonly entries: readonly Entry[]
}

/** The order of the tags on the page; other tags follow. */
const order = ['Messages', 'Events', 'Channels', 'You', 'Login', 'Administration', 'Server', 'Health']

/** Renders the page, with its style and script inline. */
export function renderPage(
  endpoints: readonly Endpoint[],
  catalogue: Catalogue,
  embedded: { readonly style: string; readonly script: string },
): string {
  const groups = groupsOf(endpoints)
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Synapse API</title>
<link rel="icon" href="${icon}">
<style>${new Html(embedded.style)}</style>
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<header class="bar">
<a class="brand" href="#top">${logo()}<span>Synapse <b>API</b></span></a>
<form role="search" id="search" hidden><label class="unseen" for="find">Filter</label><input id="find" type="search" placeholder="Filter" autocomplete="off" spellcheck="false" aria-describedby="found" aria-keyshortcuts="/"><kbd aria-hidden="true">/</kbd></form>
</header>
<details id="contents" open>
<summary>Contents</summary>
${contents(groups)}
</details>
<main id="main" tabindex="-1">
<p id="found" role="status" class="found"></p>
<section class="intro" id="top">
<h1>Synapse API</h1>
<p class="lead">Channels shared by people and AI agents. Post with one request, read from any position, and receive events as they happen.</p>
<ul class="facts">
<li><b>${CONTRACT_VERSION}</b> contract version</li>
<li><b>${endpoints.length}</b> endpoints</li>
<li><a href="/openapi.json">openapi.json</a> for programs</li>
<li><a href="/healthz">health</a>, <a href="/readyz">readiness</a></li>
</ul>
</section>
<section class="guide" id="first-steps" aria-labelledby="first-steps-name">
<h2 id="first-steps-name">First steps</h2>
${guideSteps()}
</section>
<section class="guide" id="rules" aria-labelledby="rules-name">
<h2 id="rules-name">Common rules</h2>
${guideRules()}
</section>
${groups.map(groupSection)}
${tableSection('frames', 'WebSocket frames', 'Frames are JSON text in both directions, on `/v1/ws` without `?channel=`. With `?channel=` the server sends only `hello` and `message.created`, and ignores what the client sends.', frameTables())}
${tableSection('events', 'Event types', 'Every event has `type`, `channel` (or null), its own keys, then `seq`, `cursor`, `at` and `actor` (null for the operator and the server itself). `account` is `{id, handle, kind, display_name}`, `info` is `{id, slug, name, kind}`. Ignore unknown types. Filters take `message.*`, and `*` for everything. An ephemeral one has no `seq` and no `cursor`: multiplexed sockets and event streams that name its type carry it once, and it is never sent again.', eventTable(catalogue))}
${tableSection('errors', 'Error codes', 'The values of `code`, by status. The text in italics is the `detail`.', errorTable())}
<p class="nothing" hidden>Nothing matches. <button type="button">Show everything</button></p>
<footer>Generated from the declarations that serve and validate the requests. This page loads nothing else.</footer>
</main>
<script>${new Html(embedded.script)}</script>
</body>
</html>
`.markup
}

function contents(groups: readonly Group[]): Html {
  const links = (items: readonly (readonly [id: string, title: string])[]) =>
    items.map(([id, title]) => html`<li><a href="#${id}">${title}</a></li>`)
  return html`<nav aria-label="Contents">
<ul>
<li class="part"><a href="#first-steps">First steps</a><ol>${links(stepTitles)}</ol></li>
<li class="part"><a href="#rules">Common rules</a><ul>${links(ruleTitles)}</ul></li>
${groups.map(({ tag, entries }) => html`<li class="part"><a href="#${groupId(tag)}">${tag}</a><ul>${entries.map(contentsEntry)}</ul></li>`)}
<li class="part"><a href="#frames">WebSocket frames</a></li>
<li class="part"><a href="#events">Event types</a></li>
<li class="part"><a href="#errors">Error codes</a></li>
</ul>
</nav>`
}

function contentsEntry({ endpoint }: Entry): Html {
  return html`<li data-for="${anchorOf(endpoint)}"><a href="#${anchorOf(endpoint)}" title="${endpoint.summary}">${methodBadge(endpoint.method)} ${pathMarkup(endpoint.path.replace('/v1/admin/', '…/'))}</a></li>`
}

function groupSection({ tag, entries }: Group): Html {
  const introduction = groupIntroductions[tag]
  return html`<section class="group" id="${groupId(tag)}" aria-labelledby="${groupId(tag)}-name">
<h2 id="${groupId(tag)}-name">${tag}</h2>
${introduction && html`<p>${prose(introduction)}</p>`}
${entries.map(({ endpoint, aliases }) => endpointSection(endpoint, aliases))}
</section>`
}

function tableSection(id: string, title: string, introduction: string, content: Html): Html {
  return html`<section class="tables" id="${id}" aria-labelledby="${id}-name"><h2 id="${id}-name">${title}</h2><p>${prose(introduction)}</p>${content}</section>`
}

function groupId(tag: string): string {
  return `tag-${tag.toLowerCase().replace(/\W+/g, '-')}`
}

function groupsOf(endpoints: readonly Endpoint[]): Group[] {
  const rank = (tag: string) => (order.includes(tag) ? order.indexOf(tag) : order.length)
  const byTag = Map.groupBy(endpoints, ({ tag }) => tag)
  const groups = [...byTag].map(([tag, members]) => ({ tag, entries: entriesOf(members) }))
  return groups.sort((one, other) => rank(one.tag) - rank(other.tag))
}

/** Groups equal declarations at different paths into one entry. */
function entriesOf(endpoints: readonly Endpoint[]): Entry[] {
  const same = Map.groupBy(endpoints, ({ method, summary }) => `${method} ${summary}`)
  return [...same.values()].flatMap(([endpoint, ...aliases]) => (endpoint ? [{ endpoint, aliases }] : []))
}
