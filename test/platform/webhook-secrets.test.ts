import { describe, expect, test } from 'bun:test'
import { parseUuid } from '../../src/core/kernel/ids'
import { webhookSecrets } from '../../src/platform/webhook-secrets'

// 347 bytes, as the earlier server sent them.
const BODY =
  '{"type":"message.created","channel":"team-ops","message":{"id":"38a73fde-5ecb-40dc-97a0-8ddd2fb8512f","channel":"team-ops","thread_id":null,"reply_to":null,"sender_handle":"admin","sender_kind":"human","body":"@assistant ping","body_format":"markdown","created_at":"2026-05-07T15:56:16.123456Z","edited_at":null,"mentioned_handles":["assistant"]}}'
const id = parseUuid('0197a1b2-c3d4-7e5f-8a6b-0c1d2e3f4a5b')
if (!id) throw new Error('this is a UUID')
const content = { id, timestamp: 1_778_169_376, body: BODY }
const PLAIN = 's3cret'
const PREFIXED = 'whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8='
const OF_PLAIN = 'v1,Za0fAI7WeTtu9Xst47fvYMxNObNVqFmgvUDCZy1OC5s='
const OF_PREFIXED = 'v1,lsxAiAAshB04M7IGuI97934E/eqz8Zbq2YXPbsJGpiA='

describe('the signatures of a webhook', () => {
  const { sign, generate, seal, open } = webhookSecrets(new Uint8Array(32))

  test('a plain secret signs by its bytes', () => {
    expect(Buffer.byteLength(BODY)).toBe(347)
    expect(sign([PLAIN], content)).toEqual({
      'webhook-timestamp': '1778169376',
      'webhook-signature': OF_PLAIN,
      'x-synapse-signature': 'sha256=6b77e7e9d16567d5029d8988dad2761b6edd4e9fda14284e9bee0a09a3ad2ea3',
    })
  })

  test('a secret with whsec_ signs by its decoded rest, and as a whole in the header of the earlier server', () => {
    expect(sign([PREFIXED], content)).toEqual({
      'webhook-timestamp': '1778169376',
      'webhook-signature': OF_PREFIXED,
      'x-synapse-signature': 'sha256=0767b433bdb3234daf0b719846790155040b514cfebb5ad834201ae4b4cd78f9',
    })
  })

  test('a former secret signs too, after the current one; the earlier header has the current one alone', () => {
    const headers = sign([PREFIXED, PLAIN], content)
    expect(headers['webhook-signature']).toBe(`${OF_PREFIXED} ${OF_PLAIN}`)
    expect(headers['x-synapse-signature']).toBe(sign([PREFIXED], content)['x-synapse-signature'] ?? '')
  })

  test('without a secret there is no signature', () => {
    expect(Object.keys(sign([], content))).toEqual(['webhook-timestamp'])
  })

  test('a sealed secret is opened with the same key alone', () => {
    const secret = generate()
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
    expect(generate()).not.toBe(secret)
    const sealed = seal(`${secret} ünïcode`)
    expect(sealed).not.toContain(secret)
    expect(open(sealed)).toBe(`${secret} ünïcode`)
    expect(() => webhookSecrets(new Uint8Array(32).fill(1)).open(sealed)).toThrow()
  })
})
