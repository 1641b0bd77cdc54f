/** The languages that have colours, with the other names by which fences call them. */
const names: Readonly<Record<Language, readonly string[]>> = {
  bash: ['sh', 'shell', 'zsh', 'console', 'shellsession'],
  c: ['h'],
  cpp: ['c++', 'cc', 'hpp', 'cxx'],
  csharp: ['cs', 'c#'],
  css: ['scss', 'less'],
  diff: ['patch'],
  dockerfile: ['docker', 'containerfile'],
  go: ['golang'],
  ini: ['toml', 'conf', 'properties', 'env'],
  java: [],
  javascript: ['js', 'jsx', 'mjs', 'cjs'],
  json: ['jsonc', 'json5', 'jsonl', 'ndjson'],
  markdown: ['md', 'mdx'],
  php: [],
  python: ['py', 'py3'],
  ruby: ['rb'],
  rust: ['rs'],
  sql: ['postgres', 'postgresql', 'sqlite', 'mysql'],
  typescript: ['ts', 'tsx', 'mts', 'cts'],
  xml: ['html', 'svg', 'xhtml', 'vue'],
  yaml: ['yml'],
}

export type Language =
  | 'bash'
  | 'c'
  | 'cpp'
  | 'csharp'
  | 'css'
  | 'diff'
  | 'dockerfile'
  | 'go'
  | 'ini'
  | 'java'
  | 'javascript'
  | 'json'
  | 'markdown'
  | 'php'
  | 'python'
  | 'ruby'
  | 'rust'
  | 'sql'
  | 'typescript'
  | 'xml'
  | 'yaml'

const byName = new Map(
  // The keys of the table are its languages.
  (Object.entries(names) as [Language, readonly string[]][]).flatMap(([language, others]) =>
    [language, ...others].map((name): [string, Language] => [name, language]),
  ),
)

/** The language that the word of a fence means, lower case; undefined for one without colours. */
export function languageNamed(word: string): Language | undefined {
  return byName.get(word)
}
