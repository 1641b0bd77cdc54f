/**
 * Compiles the code of the console for browsers: bun packages/console/bundle.ts FOLDER [REPORT]
 * FOLDER gets the files. REPORT gets a list of what is in each, as JSON. The same sources give the same bytes.
 */
import { join } from 'node:path'
import type { BunPlugin } from 'bun'

/**
 * Only the lexer of marked is used, but the end of its file makes an instance of all the rest, which a bundler must keep.
 * This leaves out that end: 3 kB of what every page fetches.
 */
const lexerOnly: BunPlugin = {
  name: 'the lexer of marked only',
  setup(build) {
    build.onLoad({ filter: /[\\/]marked\.esm\.js$/ }, async ({ path }) => {
      const text = await Bun.file(path).text()
      const end = text.search(/var \w+=new \w+;function \w+\(\w+,\w+\)\{return \w+\.parse\(/)
      const names = /export\{.*\};/.exec(text)?.[0] ?? ''
      const kept = ['Lexer', 'Tokenizer'].map((name) => new RegExp(`\\w+ as ${name}\\b`).exec(names)?.[0])
      if (end < 0 || kept.includes(undefined)) throw new Error(`${path} has another form than expected`)
      return { contents: `${text.slice(0, end)}export{${kept}};`, loader: 'js' }
    })
  },
}

const [outdir, report] = process.argv.slice(2)
if (outdir === undefined) throw new Error('usage: bun packages/console/bundle.ts FOLDER [REPORT]')
const { metafile } = await Bun.build({
  entrypoints: [join(import.meta.dir, 'src/main.tsx')],
  root: join(import.meta.dir, 'src'),
  outdir,
  target: 'browser',
  splitting: true,
  minify: true,
  metafile: true,
  define: { 'process.env.NODE_ENV': '"production"' },
  naming: { entry: 'entry-[hash].[ext]', chunk: '[name]-[hash].[ext]' },
  publicPath: '/console/',
  plugins: [lexerOnly],
})
if (report !== undefined) await Bun.write(report, JSON.stringify(metafile))
