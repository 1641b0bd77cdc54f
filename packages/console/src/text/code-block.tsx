import { signal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useMemo } from 'preact/hooks'
import { background } from '../background'
import { fetchCode } from '../code'
import { CopyButton } from '../ui'
import type { CodeNode } from './highlighter'
import { type Language, languageNamed } from './languages'
import { visibleText } from './names'

/** UTF-16 units: a longer text has no colours. */
const MOST_UNITS = 20_000

type Highlight = (language: Language, text: string) => readonly CodeNode[]

/** Fetched when the first code of a known language is shown. */
const highlight = signal<Highlight | undefined>(undefined)
let isAsked = false

async function fetchHighlighter(): Promise<void> {
  if (isAsked) return
  isAsked = true
  try {
    const fetched = await fetchCode(() => import('./highlighter'))
    highlight.value = fetched.highlight
  } catch (error) {
    // The next code asks again; until then it has no colours.
    isAsked = false
    throw error
  }
}

/** Code with a button that copies it. Colours come later and move nothing. */
export function CodeBlock({ text, language }: { readonly text: string; readonly language: string }) {
  return (
    <div class="code-block">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: long lines are scrolled with the keyboard */}
      <pre tabIndex={0} dir="ltr">
        <Code text={text} language={language} />
      </pre>
      <CopyButton text={text} label="Copy the code" />
    </div>
  )
}

function Code({ text, language }: { readonly text: string; readonly language: string }) {
  const known = text.length <= MOST_UNITS ? languageNamed(language) : undefined
  const colour = known === undefined ? undefined : highlight.value
  if (known !== undefined && colour === undefined) background(fetchHighlighter())
  const nodes = useMemo(
    () => (known === undefined || !colour ? undefined : colour(known, visibleText(text))),
    [known, colour, text],
  )
  return <code>{nodes ? nodes.map(codeNode) : visibleText(text)}</code>
}

function codeNode(node: CodeNode): ComponentChildren {
  return typeof node === 'string' ? node : <span class={node.class}>{node.nodes.map(codeNode)}</span>
}
