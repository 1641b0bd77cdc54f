import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { AppError } from '../../src/core/kernel/errors'
import { Base64Decoder, base64Of } from '../../src/http/configsync/base64'
import { UploadBody } from '../../src/http/configsync/upload-body'
import { rejectionOf } from '../home/temporary'

const FIELD = 'encrypted_state'
const MEBIBYTE = 1024 * 1024

async function* piecesOf(text: string, cuts: readonly number[] = []): AsyncGenerator<Uint8Array, void> {
  const bytes = Buffer.from(text)
  const ends = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b)
  let start = 0
  for (const end of [...ends, bytes.length]) {
    // The source uses its memory again, as the runtime may.
    const piece = Buffer.from(bytes.subarray(start, end))
    yield piece
    piece.fill(0)
    start = end
  }
}

/** Reads a body that comes in pieces. */
async function read(text: string, { cuts = [] as readonly number[], max = 64 * MEBIBYTE } = {}) {
  const upload = new UploadBody(piecesOf(text, cuts), FIELD, max, text.length)
  const pieces: Uint8Array[] = []
  for await (const piece of upload.bytes()) pieces.push(piece.slice())
  return { bytes: Buffer.concat(pieces), rest: upload.rest, pieces: pieces.length }
}

async function refusalOf(text: string, options = {}): Promise<AppError> {
  const error = await rejectionOf(read(text, options))
  if (!(error instanceof AppError)) throw error
  return error
}

const sealed = Buffer.alloc(30, 7).toString('base64')
const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length + 400 })
const cutsOf = fc.array(fc.nat(), { maxLength: 12 })
const others = fc.dictionary(
  fc.string().filter((name) => name !== FIELD && name !== '__proto__'),
  fc.jsonValue(),
  { maxKeys: 4 },
)

describe('the body of an upload', () => {
  test('wherever it is cut and written, it is read as JSON.parse and Buffer read it', async () => {
    const shape = fc.record({
      before: others,
      bytes: bytesOf(28),
      after: others,
      space: fc.nat(2),
      cuts: cutsOf,
    })
    await fc.assert(
      fc.asyncProperty(shape, async ({ before, bytes, after, space, cuts }) => {
        const value = { ...before, [FIELD]: Buffer.from(bytes).toString('base64'), ...after }
        const found = await read(JSON.stringify(value, null, space), { cuts })
        const { [FIELD]: text, ...rest } = JSON.parse(JSON.stringify(value))
        expect(found.bytes).toEqual(Buffer.from(text, 'base64'))
        expect(found.rest).toEqual(rest)
      }),
      { numRuns: 500 },
    )
  })

  test('a text is refused unless strict base64 gives it back', async () => {
    const alphabet = fc.constantFrom('A', 'z', '9', '+', '/', '=', '-', '_', ' ', '\t', '\\n', 'é', '!')
    const text = fc.string({ unit: alphabet, minLength: 40, maxLength: 44 })
    await fc.assert(
      fc.asyncProperty(text, cutsOf, async (middle, cuts) => {
        const value = `AAAA${middle}`
        const body = `{"${FIELD}":"${value}"}`
        const parsed: string | undefined = value.includes('\t') ? undefined : JSON.parse(`"${value}"`)
        const isStrict = parsed !== undefined && Buffer.from(parsed, 'base64').toString('base64') === parsed
        const error = await read(body, { cuts }).then(
          () => undefined,
          (reason: unknown) => reason,
        )
        if (isStrict) expect(error).toBeUndefined()
        else expect(error).toBeInstanceOf(AppError)
      }),
      { numRuns: 1000 },
    )
  })

  test('a value after the head is read whole, and a large one is refused', async () => {
    const far = { metadata: 'x'.repeat(70_000), [FIELD]: sealed, version: '1.0' }
    const { bytes, rest } = await read(JSON.stringify(far), { cuts: [10, 65_536, 70_000] })
    expect(bytes).toEqual(Buffer.alloc(30, 7))
    expect(rest).toEqual({ metadata: far.metadata, version: '1.0' })
    const huge = JSON.stringify({ metadata: 'x'.repeat(70_000), [FIELD]: 'AAAA'.repeat(2.1 * MEBIBYTE) })
    expect(await refusalOf(huge, { cuts: [1000, MEBIBYTE] })).toMatchObject({ kind: 'too_large' })
  })

  test('a value in the head is passed on piece by piece', async () => {
    const text = JSON.stringify({ machine_id: 'm', [FIELD]: Buffer.alloc(MEBIBYTE, 1).toString('base64') })
    const cuts = Array.from({ length: 20 }, (_, i) => i * 60_000)
    const { bytes, pieces } = await read(text, { cuts })
    expect(bytes.equals(Buffer.alloc(MEBIBYTE, 1))).toBe(true)
    expect(pieces).toBeGreaterThan(15)
  })

  test('a field of that name inside another value is no field of the body', async () => {
    const inner = `{"metadata":{"${FIELD}":"AAAA"},"list":[{"${FIELD}":"AAAA"}],"${FIELD}":"${sealed}"}`
    expect((await read(inner)).bytes).toEqual(Buffer.alloc(30, 7))
    const inText = JSON.stringify({ note: `","${FIELD}":"AAAA`, [FIELD]: sealed })
    expect((await read(inText)).rest).toEqual({ note: `","${FIELD}":"AAAA` })
  })

  test('everything but the value has 1 MiB', async () => {
    const fits = JSON.stringify({ [FIELD]: sealed, metadata: 'x'.repeat(MEBIBYTE - 100) })
    expect((await read(fits, { cuts: [30, 500_000] })).bytes.length).toBe(30)
    const large = JSON.stringify({ [FIELD]: sealed, metadata: 'x'.repeat(MEBIBYTE) })
    expect(await refusalOf(large, { cuts: [30, 500_000] })).toMatchObject({ kind: 'too_large' })
  })

  test('a text for more bytes than allowed is refused', async () => {
    const body = (bytes: number) => JSON.stringify({ [FIELD]: Buffer.alloc(bytes).toString('base64') })
    expect((await read(body(1000), { max: 1000 })).bytes.length).toBe(1000)
    expect(await refusalOf(body(1001), { max: 1000 })).toMatchObject({ kind: 'too_large' })
    expect(
      await refusalOf(`{ "${FIELD}": "${Buffer.alloc(1001).toString('base64')}"}`, { max: 1000 }),
    ).toMatchObject({
      kind: 'too_large',
    })
  })

  test.each([
    ['is no JSON', 'hello'],
    ['is empty', ''],
    ['is a list', '[]'],
    ['is cut off in the value', `{"${FIELD}":"${sealed}`],
    ['is cut off after the value', `{"${FIELD}":"${sealed}"`],
    ['has something after its end', `{"${FIELD}":"${sealed}"}x`],
    ['lacks the field', '{"version":"1.0"}'],
    ['has a number in its place', `{"${FIELD}":7}`],
    ['has the field twice', `{"${FIELD}":"${sealed}","${FIELD}":"${sealed}"}`],
    ['has the field again, without a value', `{"${FIELD}":"${sealed}","${FIELD}":null}`],
    ['has the field again, empty', `{"${FIELD}":"${sealed}","${FIELD}":""}`],
    ['has the field again with an escape', `{"${FIELD}":"${sealed}","encrypted_stat\\u0065":"AAAA"}`],
    ['stands for fewer than 28 bytes', `{"${FIELD}":"${Buffer.alloc(27).toString('base64')}"}`],
    ['has bits beyond the last byte', `{"${FIELD}":"${sealed.slice(0, -1)}B=="}`],
    ['goes on after the padding', `{"${FIELD}":"${Buffer.alloc(28).toString('base64')}AAAA"}`],
    ['is no UTF-8', Buffer.from(`{"${FIELD}":"${sealed}","a":"\xff"}`, 'latin1').toString('latin1')],
  ])('a body that %s is refused', async (what, text) => {
    if (what === 'is no UTF-8') {
      const upload = new UploadBody(
        (async function* () {
          yield Buffer.from(text, 'latin1')
        })(),
        FIELD,
        MEBIBYTE,
        text.length,
      )
      const error = await rejectionOf(Array.fromAsync(upload.bytes()))
      expect(error).toMatchObject({ kind: 'invalid' })
      return
    }
    for (const cuts of [[], [1, 5, 20, 30, 40]])
      expect(await refusalOf(text, { cuts })).toMatchObject({ kind: 'invalid' })
  })

  test('no refusal repeats the body', async () => {
    for (const text of [`{"${FIELD}":"swordfish!"}`, 'swordfish', `{"${FIELD}":"${sealed}","a":swordfish}`])
      expect((await refusalOf(text)).message).not.toContain('swordfish')
  })
})

describe.each([true, false])('base64 in pieces (by the runtime: %p)', (native) => {
  test('a text is decoded if strict base64 gives it back, wherever it is cut, and refused otherwise', async () => {
    const alphabet = fc.constantFrom('A', 'B', 'Q', 'z', '9', '+', '/', '=', '-', ' ', '\n', 'é')
    const text = fc.oneof(
      fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString('base64')),
      fc.string({ unit: alphabet, maxLength: 24 }),
    )
    await fc.assert(
      fc.asyncProperty(text, cutsOf, async (value, cuts) => {
        const decode = async () => {
          const decoder = new Base64Decoder(FIELD, native)
          const found: Uint8Array[] = []
          for await (const piece of piecesOf(value, cuts))
            for (const bytes of decoder.push(piece)) found.push(bytes.slice())
          decoder.end()
          return Buffer.concat(found)
        }
        const expected = Buffer.from(value, 'base64')
        if (expected.toString('base64') === value) expect(await decode()).toEqual(expected)
        else expect(await rejectionOf(decode())).toBeInstanceOf(AppError)
      }),
      { numRuns: 1000 },
    )
  })

  test('however bytes are cut, their base64 is that of all of them', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), cutsOf, async (bytes, cuts) => {
        const latin = Buffer.from(bytes)
        const source = (async function* () {
          let start = 0
          for (const end of [
            ...cuts.map((cut) => cut % (latin.length + 1)).sort((a, b) => a - b),
            latin.length,
          ]) {
            yield latin.subarray(start, end)
            start = end
          }
        })()
        const pieces = await Array.fromAsync(base64Of(source, native))
        expect(Buffer.concat(pieces).toString('latin1')).toBe(latin.toString('base64'))
      }),
    )
  })
})
