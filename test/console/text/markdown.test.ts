import { describe, expect, test } from 'bun:test'
import type { Attachment } from '@synapse/client'
import { isInFence, plainSnippet, renderMarkdown, type TextOptions } from '../../../packages/console/src/text'
import { Attachments, sizeInWords } from '../../../packages/console/src/text/attachments'
import { piecesOf } from '../../../packages/console/src/text/highlights'
import { languageNamed } from '../../../packages/console/src/text/languages'
import { isTooComplex } from '../../../packages/console/src/text/tokens'
import { draw, elementsOf, outlineOf, wordsOf } from './drawn'

/** What a text becomes, without the box around it. A text of one paragraph has none. */
function drawn(body: string, options: TextOptions = {}): string {
  const [outer] = draw(renderMarkdown(body, options))
  if (typeof outer !== 'object') return ''
  return outer.tag === 'p' ? outlineOf([{ ...outer, attributes: {} }]) : outlineOf(outer.children)
}

const isPlain = (body: string) =>
  draw(renderMarkdown(body)).some((one) => typeof one === 'object' && one.attributes.class === 'prose plain')

describe('markdown', () => {
  const cases: Readonly<Record<string, readonly [body: string, drawn: string]>> = {
    'a line break in a paragraph stays': ['a\nb', '<p>a<br>b</p>'],
    'emphasis may be nested': ['**a _b_** ~~c~~', '<p><strong>a <em>b</em></strong> <del>c</del></p>'],
    'headings are smaller than those of the page': [
      '# a\n## b\n### c\n###### d',
      '<h4>a</h4><h5>b</h5><h6>c</h6><h6>d</h6>',
    ],
    'an underlined line is a heading': ['a\n===\n\nb\n---', '<h4>a</h4><h5>b</h5>'],
    'a rule after a blank line is a rule': ['a\n\n---\n\nb', '<p>a</p><hr><p>b</p>'],
    'lists may be nested': [
      '- a\n  1. b\n  2. c\n- d',
      '<ul><li>a<ol><li>b</li><li>c</li></ol></li><li>d</li></ul>',
    ],
    'a list with blank lines has paragraphs': ['- a\n\n- b', '<ul><li><p>a</p></li><li><p>b</p></li></ul>'],
    'a list ends a paragraph': ['a\n- b', '<p>a</p><ul><li>b</li></ul>'],
    'a task has a box': [
      '- [x] a\n- [ ] b',
      '<ul><li.task><span.box.done>a</li><li.task><span.box>b</li></ul>',
    ],
    'a task of a loose list has one box': [
      '- [x] a\n\n- [ ] b',
      '<ul><li.task><span.box.done><p>a</p></li><li.task><span.box><p>b</p></li></ul>',
    ],
    'an answer below a quote is no quote': ['> a\n> b\nc', '<blockquote><p>a<br>b</p></blockquote><p>c</p>'],
    'a quote holds blocks': [
      '> - a\n>\n> > b',
      '<blockquote><ul><li>a</li></ul><blockquote><p>b</p></blockquote></blockquote>',
    ],
    'a table has a head and rows': [
      '| a | b |\n|---|--:|\n| 1 | **2** |',
      '<figure.table-scroller><table><thead><tr><th>a</th><th.right>b</th></tr></thead><tbody><tr><td>1</td><td.right><strong>2</strong></td></tr></tbody></table></figure>',
    ],
    'a table ends a paragraph': [
      't\n| a |\n|---|',
      '<p>t</p><figure.table-scroller><table><thead><tr><th>a</th></tr></thead><tbody></table></figure>',
    ],
    'code keeps its text': ['```ts\nlet a = "<b>"\n```', '<pre>let a = "<b>"</pre>'],
    'code in a line keeps its marks': ['`a **b** &amp;`', '<p><code>a **b** &amp;</code></p>'],
    'references are characters': ['a &lt; b &amp; c &#x2192; &unknown;', '<p>a < b & c → &unknown;</p>'],
    'an escaped mark is a character': ['\\*a\\*', '<p>*a*</p>'],
    'underscores in a word are no emphasis': ['a_b_c', '<p>a_b_c</p>'],
  }
  for (const [rule, [body, expected]] of Object.entries(cases))
    test(rule, () => expect(drawn(body)).toBe(expected))

  test('a list begins with its number', () => {
    const [list] = elementsOf(draw(renderMarkdown('7. a\n8. b'))).filter(({ tag }) => tag === 'ol')
    expect(list?.attributes.start).toBe(7)
  })

  test('plain text is shown as it is, with links', () => {
    expect(drawn('**a** <b>\nhttps://a.test/x(1), b', { format: 'plaintext' })).toBe(
      '**a** <b>\n<a>https://a.test/x(1</a>), b',
    )
  })
})

describe('a text is shown as it is', () => {
  test('over 1,000 marks of emphasis', () => {
    expect(isPlain('*'.repeat(1000))).toBe(false)
    expect(isPlain('*'.repeat(1001))).toBe(true)
    expect(isPlain(`a${'_a~b*'.repeat(334)}`)).toBe(true)
  })

  test('but marks in a fence do not count', () => {
    expect(isPlain(`\`\`\`\n${'_a'.repeat(2000)}\n\`\`\``)).toBe(false)
    expect(isPlain(`~~~\n${'_a\n'.repeat(2000)}~~~\n${'*'.repeat(1001)}`)).toBe(true)
  })

  test('over 32 markers at the head of a line', () => {
    expect(isTooComplex(`${'> '.repeat(32)}a`)).toBe(false)
    expect(isTooComplex(`${'> '.repeat(33)}a`)).toBe(true)
    expect(isTooComplex(`a\n  ${'1. - '.repeat(17)}a`)).toBe(true)
    expect(isTooComplex(`a ${'> '.repeat(100)}`)).toBe(false)
  })

  test('over 6,000 nodes', () => {
    expect(isPlain('- a\n'.repeat(1200))).toBe(false)
    expect(isPlain('- a\n'.repeat(2000))).toBe(true)
  })
})

describe('links', () => {
  const shown = (body: string) => wordsOf(draw(renderMarkdown(body)))
  const hrefs = (body: string) =>
    elementsOf(draw(renderMarkdown(body))).flatMap(({ tag, attributes }) =>
      tag === 'a' ? [attributes.href] : [],
    )

  test('http, https and mailto are links', () => {
    expect(hrefs('[a](http://a.test/?b=1&amp;c=2) https://b.test <c@d.test>')).toEqual([
      'http://a.test/?b=1&c=2',
      'https://b.test/',
      'mailto:c@d.test',
    ])
  })

  test('a text that looks like another host is followed by the real one', () => {
    expect(shown('[https://bank.test/in](http://thief.test/)')).toBe('https://bank.test/in (thief.test)')
    expect(shown('[see bank.test](http://thief.test/bank.test)')).toBe('see bank.test (thief.test)')
    expect(shown('https://bank.test@thief.test/')).toBe('https://bank.test@thief.test/ (thief.test)')
    expect(shown('[a@bank.test](mailto:a@thief.test)')).toBe('a@bank.test (thief.test)')
  })

  test('a host in other letters is followed by the one that is called', () => {
    expect(shown('<https://аррӏе.com/>')).toBe('https://аррӏе.com/ (xn--80ak6aa92e.com)')
  })

  test('a text that is honest has nothing beside it', () => {
    for (const body of [
      'https://a.test/b.c?d=e.f',
      '[the docs](https://a.test)',
      '[a.test](https://docs.a.test/x)',
      'www.a.test',
    ])
      expect(shown(body)).not.toContain('(')
  })

  test('a link holds neither a link nor a mention', () => {
    expect(drawn('[@ada https://b.test](http://a.test)', { mentioned: ['ada'] })).not.toContain('mention')
    expect(hrefs('[![x](http://b.test/i.png)](http://a.test)')).toEqual(['http://a.test/'])
  })
})

describe('images', () => {
  const image: Attachment = {
    ...{ id: 'i', kind: 'image', filename: 'a.png', mime: 'image/png', size: 12, sha256: '' },
    ...{ width: 1920, height: 640, url: '/v1/attachments/i' },
  }

  test('an image of elsewhere is a chip with its host', () => {
    const drawing = draw(renderMarkdown('![cat](https://b.test/c.png)'))
    expect(elementsOf(drawing).some(({ tag }) => tag === 'img')).toBe(false)
    expect(wordsOf(drawing)).toBe('cat – image from b.test')
  })

  test('an image of the message reserves its size', () => {
    const options = { attachments: [image] }
    const [img] = elementsOf(draw(renderMarkdown('![cat](/v1/attachments/i)', options))).filter(
      ({ tag }) => tag === 'img',
    )
    expect(img?.attributes).toMatchObject({ src: '/v1/attachments/i', alt: 'cat', width: 480, height: 160 })
  })

  test('an image of another message is text', () => {
    expect(drawn('![cat](/v1/attachments/other)', { attachments: [image] })).toBe(
      '<p>![cat](/v1/attachments/other)</p>',
    )
  })

  test('attachments that the text shows are not repeated', () => {
    const file = { ...image, id: 'f', kind: 'file' as const, url: '/v1/attachments/f', filename: 'notes.txt' }
    const attachments = [image, file]
    expect(wordsOf(draw(Attachments({ attachments, body: 'x' })))).toBe('notes.txt12 bytes')
    expect(elementsOf(draw(Attachments({ attachments }))).filter(({ tag }) => tag === 'li')).toHaveLength(2)
    expect(
      elementsOf(draw(Attachments({ attachments, body: '![](/v1/attachments/i)' }))).filter(
        ({ tag }) => tag === 'li',
      ),
    ).toHaveLength(1)
  })

  test('sizes are in words', () => {
    expect([0, 999, 1000, 9_949, 12_400, 999_600, 10_485_760].map(sizeInWords)).toEqual([
      '0 bytes',
      '999 bytes',
      '1.0 kB',
      '9.9 kB',
      '12 kB',
      '1.0 MB',
      '10 MB',
    ])
  })
})

describe('mentions', () => {
  const options: TextOptions = {
    me: 'ada',
    mentioned: ['ada', 'builder'],
    aliases: { team: ['bo'], mine: ['ada'] },
  }

  test('those in effect are chips, and those that name me are marked', () => {
    expect(drawn('@Ada and @builder, @nobody', options)).toBe(
      '<p><span.mention.mine>@Ada</span> and <span.mention>@builder</span>, @nobody</p>',
    )
  })

  test('an alias is a chip, marked if I am in it', () => {
    expect(drawn('@team @mine', options)).toBe(
      '<p><span.mention>@team</span> <span.mention.mine>@mine</span></p>',
    )
  })

  test('a word for all is a chip only if the message went to all', () => {
    expect(drawn('@here', options)).toBe('<p>@here</p>')
    expect(drawn('@here', { ...options, isBroadcast: true })).toBe('<p><span.mention.mine>@here</span></p>')
  })

  test('a mention does not begin within a word, and code has none', () => {
    expect(drawn('a@ada `@ada` **@ada**', options)).toBe(
      '<p>a@ada <code>@ada</code> <strong><span.mention.mine>@ada</span></strong></p>',
    )
  })

  test('an account of another server is one mention', () => {
    expect(drawn('@ada@peer.test!', { mentioned: ['ada@peer.test'] })).toBe(
      '<p><span.mention>@ada@peer.test</span>!</p>',
    )
  })
})

describe('one line', () => {
  test('a snippet has the words without markdown', () => {
    expect(plainSnippet('# Title\n\n- **a** [b](http://c.test)\n- [x] d\n\n```\ncode\n```\n> quote')).toBe(
      'Title a b ☑ d code quote',
    )
  })

  test('a long text is cut by code points', () => {
    expect(plainSnippet('😀'.repeat(200), 10)).toBe(`${'😀'.repeat(9)}…`)
    expect(plainSnippet('a'.repeat(140))).toBe('a'.repeat(140))
  })
})

describe('what a search found', () => {
  const marked = (text: string, ranges: readonly (readonly [number, number])[]) =>
    piecesOf(text, ranges)
      .map(({ words, isFound }) => (isFound ? `[${words}]` : words))
      .join('')

  test('ranges count code points', () => expect(marked('😀😀 ping pong', [[3, 4]])).toBe('😀😀 [ping] pong'))
  test('ranges may overlap, touch and leave the text', () => {
    expect(
      marked('abcdef', [
        [4, 9],
        [0, 2],
        [1, 2],
      ]),
    ).toBe('[ab][c]d[ef]')
    expect(marked('abc', [[7, 2]])).toBe('abc')
  })
})

describe('fences', () => {
  test('a fence is open until its like', () => {
    const at = (text: string) => isInFence(text, text.length)
    expect(at('```ts\nlet a')).toBe(true)
    expect(at('```ts\nlet a\n```')).toBe(false)
    expect(at('````\n```\n')).toBe(true)
    expect(at('~~~\n```\n')).toBe(true)
    expect(at('a ``` b')).toBe(false)
    expect(at('```inline```')).toBe(false)
  })

  test('the position decides, not the end', () => {
    const text = 'a\n```\nb\n```\nc'
    expect(isInFence(text, 1)).toBe(false)
    expect(isInFence(text, 7)).toBe(true)
    expect(isInFence(text, text.length)).toBe(false)
  })

  test('a fence names its language in several ways', () => {
    expect(['ts', 'c++', 'sh', 'toml', 'brainfuck', 'constructor'].map(languageNamed)).toEqual([
      'typescript',
      'cpp',
      'bash',
      'ini',
      undefined,
      undefined,
    ])
  })
})
