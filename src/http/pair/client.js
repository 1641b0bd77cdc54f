// The script of /pair, embedded in the page. It takes the code from the fragment, which browsers do not send, and
// redeems it when the user confirms.
;(() => {
  const find = (id) => document.getElementById(id)
  const sections = ['offer', 'ask', 'done', 'program', 'token', 'elsewhere']
  const show = (name) => {
    for (const id of sections) find(id).hidden = id !== name
    find(name).querySelector('h1').scrollIntoView({ block: 'nearest' })
  }
  const problem = (text) => {
    find('problem').textContent = text
  }

  /** Returns the payload of a link; undefined if the fragment is not a valid link. */
  const payloadOf = (fragment) => {
    try {
      const bytes = Uint8Array.from(atob(fragment.replaceAll('-', '+').replaceAll('_', '/')), (one) =>
        one.charCodeAt(0),
      )
      const payload = JSON.parse(new TextDecoder().decode(bytes))
      const isOurs = payload.v === 1 && typeof payload.url === 'string' && typeof payload.device === 'string'
      return isOurs && (typeof payload.code === 'string' || typeof payload.token === 'string')
        ? payload
        : undefined
    } catch {
      return undefined
    }
  }

  const redeem = async (code, as) => {
    const response = await fetch('/v1/pair/redeem', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ code, as }),
    })
    return { status: response.status, answer: await response.json() }
  }

  const reasons = {
    pair_code_invalid: 'This code is not valid. Check it, or ask for a new one.',
    pair_code_used: 'This code was used already. Ask for a new one.',
    pair_code_expired: 'This code has expired. Ask for a new one.',
    pair_code_revoked: 'This code was revoked. Ask for a new one.',
    validation_error: 'This is not a valid code.',
  }

  /** Redeems a code for a session. If the code is for a program, says so; the code is not used up. */
  const enter = async (code, button, command) => {
    problem('')
    button.disabled = true
    try {
      const { status, answer } = await redeem(code, 'session')
      if (status === 201) {
        find('who').textContent = `@${answer.account.handle}`
        show('done')
      } else if (answer.code === 'humans_only' || answer.code === 'scope_escalation')
        offerToken(code, command)
      else if (answer.code === 'rate_limited')
        problem(`Too many codes were tried. Wait ${answer.retry_after} seconds.`)
      else problem(reasons[answer.code] ?? answer.detail)
    } catch {
      problem('The server cannot be reached. Try again.')
    } finally {
      button.disabled = false
    }
  }

  const offerToken = (code, command) => {
    find('command').textContent = command
    show('program')
    find('reveal').onclick = async () => {
      problem('')
      try {
        const { status, answer } = await redeem(code, 'token')
        if (status !== 201) return problem(reasons[answer.code] ?? answer.detail)
        showToken(`@${answer.account.handle}`, answer.token)
      } catch {
        problem('The server cannot be reached. Try again.')
      }
    }
  }

  const showToken = (owner, token) => {
    find('owner').textContent = owner
    find('secret').textContent = token
    show('token')
    find('copy').onclick = async () => {
      // Pages without https have no clipboard; there one tap selects the text.
      await navigator.clipboard?.writeText(token)
      find('copy').textContent = navigator.clipboard ? 'Copied' : 'Select it and copy'
    }
  }

  const begin = () => {
    const fragment = location.hash.slice(1)
    // Removes the code from the address bar and the history.
    history.replaceState(null, '', '/pair')
    for (const host of document.querySelectorAll('.host')) host.textContent = location.host
    problem('')
    const payload = payloadOf(fragment)
    if (payload === undefined) {
      show('ask')
      if (fragment !== '') problem('This link is damaged. Type the code instead.')
      find('form').onsubmit = (event) => {
        event.preventDefault()
        const code = find('code').value
        void enter(code, event.submitter ?? find('form').querySelector('button'), joinTyped(code))
      }
    } else if (payload.url !== location.origin) {
      find('target').textContent = payload.url
      show('elsewhere')
    } else if (payload.token !== undefined) showToken(payload.device, payload.token)
    else {
      find('device').textContent = payload.device
      show('offer')
      const command = `synapse join '${location.origin}/pair#${fragment}'`
      find('enter').onclick = () => void enter(payload.code, find('enter'), command)
    }
  }

  const joinTyped = (code) => `synapse join --url ${location.origin} --code ${code.replace(/[^\w-]/g, '')}`

  addEventListener('hashchange', begin)
  begin()
})()
