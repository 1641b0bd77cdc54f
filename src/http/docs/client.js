// The script of the page, which also works without it. Embedded unchanged and allowed by its hash.
{
  const find = document.getElementById('find')
  const found = document.getElementById('found')
  const contents = document.getElementById('contents')
  const nothing = document.querySelector('.nothing')
  const findable = [...document.querySelectorAll('[data-find]')]
  const wholes = [...document.querySelectorAll('main > section')]

  // Shows this server's address in the examples.
  if (location.protocol.startsWith('http'))
    for (const place of document.querySelectorAll('.origin')) place.textContent = location.origin

  for (const figure of document.querySelectorAll('figure.code')) {
    const button = document.createElement('button')
    button.type = 'button'
    button.className = 'copy'
    button.textContent = 'Copy'
    button.setAttribute('aria-label', `Copy: ${figure.querySelector('figcaption').textContent}`)
    button.addEventListener('click', async () => {
      const done = await copy(figure.querySelector('code'))
      button.textContent = done ? 'Copied' : 'Press Ctrl+C'
      setTimeout(() => {
        button.textContent = 'Copy'
      }, 1500)
    })
    figure.append(button)
  }

  /** Pages without TLS have no clipboard API; there the text is selected and copied with execCommand. */
  async function copy(code) {
    try {
      await navigator.clipboard.writeText(code.textContent)
      return true
    } catch {
      getSelection().selectAllChildren(code)
      return document.execCommand('copy')
    }
  }

  function filter() {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean)
    let matches = 0
    for (const item of findable) {
      const text = item.dataset.find.toLowerCase()
      item.hidden = !words.every((word) => text.includes(word))
      if (!item.hidden) matches++
    }
    document.body.classList.toggle('filtered', words.length > 0)
    for (const whole of wholes) {
      const items = [...whole.querySelectorAll('[data-find]')]
      whole.hidden = words.length > 0 && items.every((item) => item.hidden)
    }
    for (const entry of contents.querySelectorAll('[data-for]'))
      entry.hidden = document.getElementById(entry.dataset.for).hidden
    for (const part of contents.querySelectorAll('.part'))
      part.hidden = document.querySelector(part.querySelector('a').hash).hidden
    nothing.hidden = words.length === 0 || matches > 0
    found.textContent = words.length === 0 ? '' : `${matches} of ${findable.length} entries match`
  }

  function clear() {
    find.value = ''
    filter()
  }

  document.getElementById('search').hidden = false
  document.getElementById('search').addEventListener('submit', (event) => {
    event.preventDefault()
    const first = findable.find((item) => !item.hidden)
    if (first) location.hash = first.id
  })
  find.addEventListener('input', () => {
    filter()
    scrollTo({ top: 0, behavior: 'instant' })
  })
  nothing.querySelector('button').addEventListener('click', () => {
    clear()
    find.focus()
  })
  document.addEventListener('keydown', (event) => {
    if (event.key === '/' && !event.ctrlKey && !event.metaKey && document.activeElement !== find) {
      event.preventDefault()
      find.focus()
      find.select()
    } else if (event.key === 'Escape' && document.activeElement === find) {
      clear()
      find.blur()
    }
  })

  // A link to a filtered entry clears the filter.
  addEventListener('hashchange', () => {
    const target = document.getElementById(location.hash.slice(1))
    if (target?.closest('[hidden]')) {
      clear()
      target.scrollIntoView()
    }
  })

  // On a small screen the table of contents is a menu.
  const small = matchMedia('(max-width: 60rem)')
  const fit = () => {
    contents.open = !small.matches
  }
  fit()
  small.addEventListener('change', fit)
  contents.addEventListener('click', (event) => {
    if (small.matches && event.target.closest('nav a')) contents.open = false
  })

  // Highlights the current section in the table of contents.
  const links = new Map([...contents.querySelectorAll('nav a')].map((link) => [link.hash.slice(1), link]))
  const inView = new Set()
  const watcher = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries)
        isIntersecting ? inView.add(target) : inView.delete(target)
      const current = [...links.keys()]
        .map((id) => document.getElementById(id))
        .findLast((one) => inView.has(one))
      for (const [id, link] of links) {
        if (current?.id !== id) link.removeAttribute('aria-current')
        else if (link.getAttribute('aria-current') === null) {
          link.setAttribute('aria-current', 'true')
          if (!small.matches) link.scrollIntoView({ block: 'nearest' })
        }
      }
    },
    { rootMargin: '-80px 0px -75% 0px' },
  )
  for (const id of links.keys()) watcher.observe(document.getElementById(id))

  // Opens everything for printing.
  let closed = []
  addEventListener('beforeprint', () => {
    closed = [...document.querySelectorAll('details:not([open])')]
    for (const details of closed) details.open = true
  })
  addEventListener('afterprint', () => {
    for (const details of closed) details.open = false
  })
}
