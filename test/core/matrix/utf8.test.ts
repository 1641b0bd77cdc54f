// Lengths of texts in bytes of UTF-8.
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { isLongerInBytes, utf8Length } from '../../../src/core/matrix/utf8'

const edges = [
  '\u007f',
  '\u0080',
  '\u07ff',
  '\u0800',
  '\ud7ff',
  '\ud800\udc00',
  '\udbff\udfff',
  '\ue000',
  '\uffff',
]
const texts = fc
  .array(fc.oneof(fc.constantFrom(...edges), fc.string({ unit: 'binary' })))
  .map((parts) => parts.join(''))

test('a text has as many bytes as its UTF-8', () => {
  for (const text of edges) expect(utf8Length(text)).toBe(Buffer.byteLength(text))
  fc.assert(fc.property(texts, (text) => expect(utf8Length(text)).toBe(Buffer.byteLength(text))))
})

test('a text is longer than a limit if its UTF-8 is', () => {
  fc.assert(
    fc.property(texts, fc.nat(60), (text, limit) => {
      expect(isLongerInBytes(text, limit)).toBe(Buffer.byteLength(text) > limit)
      expect(isLongerInBytes(text, Buffer.byteLength(text))).toBeFalse()
    }),
  )
})
