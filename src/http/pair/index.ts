/**
 * The page `/pair`, which a phone opens when it scans the code on a terminal. The page is static and the same for
 * everyone. The code is in the fragment of the address, which browsers do not send; the script reads it there.
 * Imports the shared files of http/. client.css and client.js are embedded as text.
 * Start reading at client.js.
 */
import { icon, mark } from '../mark'
import { pageHeaders, styleOfPage } from '../page'
import type { Surface } from '../surface'
import ownStyle from './client.css' with { type: 'text' }
import script from './client.js' with { type: 'text' }

const style = styleOfPage(ownStyle)
/** Allows the page to call this server. */
const headers = pageHeaders({ style, script }, { cacheControl: 'no-store', allowed: ["connect-src 'self'"] })

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>Connect this device · Synapse</title>
<link rel="icon" href="${icon}">
<style>${style}</style>
</head>
<body>
<main>
<svg class="logo" viewBox="0 0 32 32" aria-hidden="true">${mark}</svg>
<section id="offer" hidden aria-labelledby="offer-name">
<h1 id="offer-name">Connect this device?</h1>
<p>It will connect to <b class="host"></b> as <b id="device"></b>. The link works once.</p>
<button type="button" id="enter">Connect</button>
<p class="quiet">If you did not expect this link, close the page.</p>
</section>
<section id="ask" hidden aria-labelledby="ask-name">
<h1 id="ask-name">Connect this device</h1>
<p>Type the code that <code>synapse pair</code> shows.</p>
<form id="form" novalidate>
<label for="code">Code</label>
<input id="code" name="code" autocomplete="one-time-code" autocapitalize="characters" autocorrect="off" spellcheck="false" inputmode="text" maxlength="16" placeholder="XXXX-XXXXXXXX" aria-describedby="problem">
<button type="submit">Connect</button>
</form>
</section>
<section id="done" hidden aria-labelledby="done-name">
<h1 id="done-name">Connected</h1>
<p>This device is signed in to <b class="host"></b> as <b id="who"></b>.</p>
<a class="button" href="/">Open Synapse</a>
<p class="quiet">You stay signed in here. “Devices” in your settings, or <code>synapse pair revoke</code>, ends it.</p>
</section>
<section id="program" hidden aria-labelledby="program-name">
<h1 id="program-name">This code is for a program</h1>
<p>It gives a token, not a login session. Redeem it where the program runs:</p>
<pre id="command" tabindex="0"></pre>
<button type="button" id="reveal" class="second">Show the token here instead</button>
</section>
<section id="token" hidden aria-labelledby="token-name">
<h1 id="token-name">The token of <b id="owner"></b></h1>
<p>It is shown only now. Anyone who has it can act as that account.</p>
<pre id="secret" tabindex="0"></pre>
<button type="button" id="copy">Copy</button>
</section>
<section id="elsewhere" hidden aria-labelledby="elsewhere-name">
<h1 id="elsewhere-name">This link is for another server</h1>
<p>The link is for <b id="target"></b>; this page is on <b class="host"></b>. Nothing was sent. Ask the person who gave it to you.</p>
</section>
<p id="problem" role="alert"></p>
<noscript><p>This page needs JavaScript to read a code that is not sent to the server. Without it: <code>synapse join '&lt;link&gt;'</code></p></noscript>
</main>
<script>${script}</script>
</body>
</html>
`

export const pair: Surface = {
  name: 'pair',
  endpoints: () => [],
  assets: [
    {
      path: '/pair',
      tag: 'Login',
      summary: 'The pairing page: it reads the code after the # of its address',
      description: 'HTML',
      body: page,
      headers,
    },
  ],
}
