// Colours for code: a file of its own, which is fetched at the first code of a known language.
import { createLowlight, type LanguageFn } from 'lowlight'
import type { Language } from './languages'

// Languages that resemble one another stand together, because compression finds what they share.

// C and its relatives.

import c from 'highlight.js/lib/languages/c'
import cpp from 'highlight.js/lib/languages/cpp'
import csharp from 'highlight.js/lib/languages/csharp'
import java from 'highlight.js/lib/languages/java'

// The web.

import css from 'highlight.js/lib/languages/css'
import javascript from 'highlight.js/lib/languages/javascript'
import typescript from 'highlight.js/lib/languages/typescript'

// Other languages of programs.

import go from 'highlight.js/lib/languages/go'
import php from 'highlight.js/lib/languages/php'
import python from 'highlight.js/lib/languages/python'
import ruby from 'highlight.js/lib/languages/ruby'
import rust from 'highlight.js/lib/languages/rust'
import sql from 'highlight.js/lib/languages/sql'

// Commands, data and texts.

import bash from 'highlight.js/lib/languages/bash'
import diff from 'highlight.js/lib/languages/diff'
import dockerfile from 'highlight.js/lib/languages/dockerfile'
import ini from 'highlight.js/lib/languages/ini'
import json from 'highlight.js/lib/languages/json'
import markdown from 'highlight.js/lib/languages/markdown'
import xml from 'highlight.js/lib/languages/xml'
import yaml from 'highlight.js/lib/languages/yaml'

const grammars: Readonly<Record<Language, LanguageFn>> = {
  bash,
  c,
  cpp,
  csharp,
  css,
  diff,
  dockerfile,
  go,
  ini,
  java,
  javascript,
  json,
  markdown,
  php,
  python,
  ruby,
  rust,
  sql,
  typescript,
  xml,
  yaml,
}

/** A piece of code: words, or words of one kind with its classes, such as `hljs-string`. */
export type CodeNode = string | { readonly class: string; readonly nodes: readonly CodeNode[] }

type Root = ReturnType<ReturnType<typeof createLowlight>['highlight']>
type Part = Root['children'][number]

const lowlight = createLowlight(grammars)

/** Cuts code into pieces of one kind each. */
export function highlight(language: Language, text: string): readonly CodeNode[] {
  return lowlight.highlight(language, text).children.map(nodeOf)
}

function nodeOf(part: Part): CodeNode {
  if (part.type === 'text') return part.value
  if (part.type !== 'element') return ''
  const { className } = part.properties
  return { class: Array.isArray(className) ? className.join(' ') : '', nodes: part.children.map(nodeOf) }
}
