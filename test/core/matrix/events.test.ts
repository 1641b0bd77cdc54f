// The contract's vectors of events, and what holds for every event: its id survives redaction, and it is hashed alike
// however it was made.
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import {
  contentHash,
  depthAfter,
  type EventDraft,
  eventIdOf,
  MAX_EVENT_BYTES,
  makeEvent,
  type Pdu,
  ROOM_VERSIONS,
  redacted,
  referenceText,
  roomIdOfCreate,
  signEvent,
  signedText,
  signJson,
} from '../../../src/core/matrix'
import { sha256, verifyEd25519 } from '../../../src/platform/matrix-signatures'
import { room, server, signer, system, ts, version } from './example'

const v11 = version('11')

const createDraft: EventDraft = {
  type: 'm.room.create',
  sender: system,
  roomId: room,
  stateKey: '',
  content: { 'm.federate': false, room_version: '11' },
  originServerTs: ts,
  depth: 1,
  prevEvents: [],
  authEvents: [],
}
const create = makeEvent(v11, createDraft, sha256)
const join = makeEvent(
  v11,
  {
    type: 'm.room.member',
    sender: system,
    roomId: room,
    stateKey: system,
    content: { displayname: 'Synapse', membership: 'join' },
    originServerTs: ts,
    depth: 2,
    prevEvents: [create.eventId],
    authEvents: [create.eventId],
  },
  sha256,
)
const messageDraft: EventDraft = {
  type: 'm.room.message',
  sender: system,
  roomId: room,
  content: { body: 'hello é 👍', 'm.mentions': {}, msgtype: 'm.text' },
  originServerTs: ts + 123,
  depth: 3,
  prevEvents: [join.eventId],
  authEvents: [create.eventId, join.eventId],
}
const message = makeEvent(v11, messageDraft, sha256)

const signatureOf = (pdu: Pdu, of = v11) => signEvent(of, pdu, server, signer)[server]?.['ed25519:1']

describe('the vectors of the contract', () => {
  test('the key is that of the specification', () => {
    expect(signer.publicKey).toBe('XGX0JRS2Af3be3knz2fBiRbApjm2Dh61gXDJA8kcJNI')
  })

  test('V2: a create event has this content hash, id and signature', () => {
    expect(create.pdu.hashes.sha256).toBe('Cy5g9nhQlzAMu+dTqqLn8hcFbC+6cm2mbz0dAknqVPU')
    expect(create.eventId).toBe('$CJlG8kmJl6iPoHM16EQN54C2NCdh_wZ4bzuSEQQu2zc')
    expect(signatureOf(create.pdu)).toBe(
      '7Y2/S4QcCna3npymEdUR35c5lOOQJ8FdBxKNv9gRPEvKQXvycIxMqDJ3reXZnD1TRmyRPECANmEGav57PGw2CQ',
    )
  })

  test('V3: a join has this content hash and id', () => {
    expect(join.pdu.hashes.sha256).toBe('IuG2CYhsZO21lpNaYsjAVeGrvPnrwz+XSXqlxomlBek')
    expect(join.eventId).toBe('$mkaLvd_zZN2Qi3NtNZcN3pigd-7henJB3uZkL1KgMNg')
  })

  test('V4: a message has this content hash, id and signature', () => {
    expect(message.pdu.hashes.sha256).toBe('DMauStQ+HpXHwQII61CNbeCdyVQbgmvQiL5nLbPx6i8')
    expect(message.eventId).toBe('$CK3Behlg-mu6z4sLQzjaAXbeWPafUG7bgpCHubrPoPk')
    expect(signatureOf(message.pdu)).toBe(
      'aIIr/PRsgxYatac+DnTQvGdi/iEjPT/Cq3WcvmRpSRw/OFlaLMaqYU0MOyC3e/MxldIc/79KEDTbdSCvAuSmDg',
    )
  })

  test('V5: a redacted message keeps its id, which version 3 writes in standard base64', () => {
    const gone = redacted(v11, message.pdu)
    expect(gone).toEqual({ ...message.pdu, content: {} })
    expect(eventIdOf(v11, gone, sha256)).toBe(message.eventId)
    expect(eventIdOf(version('3'), gone, sha256)).toBe('$CK3Behlg+mu6z4sLQzjaAXbeWPafUG7bgpCHubrPoPk')
  })

  test('V6: the create event of version 12 names its room', () => {
    const draft = { ...createDraft, sender: '@alice:example.org', content: { room_version: '12' } }
    const made = makeEvent(version('12'), { ...draft, roomId: null }, sha256)
    expect(made.pdu).not.toHaveProperty('room_id')
    expect(made.pdu.hashes.sha256).toBe('fQPWiZEgrOPegT+Cf3LGmfVAHoO2XheTsBR9hUkgLs8')
    expect(roomIdOfCreate(made.eventId)).toBe('!VKSJ2PORh1LUOmP07Y8Ifql2JMzDoVmeIZQQVXZ2OqA')
  })

  test.each([
    [
      {
        destination: 'other.example',
        method: 'GET',
        origin: 'example.org',
        uri: '/_matrix/federation/v1/version?x=a%2Fb',
      },
      'lraA5mEVO0ygqrcqeIRQvFSpAQLw3Td8BE3LYrqXiioMbgTGxfDl1Hh5S1xOX4aOp0SbUGhot19L5SmYW5B7BQ',
    ],
    [
      {
        content: { origin: 'example.org', origin_server_ts: 1795235400000, pdus: [] },
        destination: 'other.example',
        method: 'PUT',
        origin: 'example.org',
        uri: '/_matrix/federation/v1/send/1',
      },
      'sRdDkCZxxW0gKnFJeXWetRAEjiHjP+pANU8AUTpoxDT0msnoF4honS2d/ZLtohFoN/AQ7WOjdLLXkRTFzqEqAA',
    ],
    [
      {
        old_verify_keys: {},
        server_name: 'example.org',
        valid_until_ts: 1795840200000,
        verify_keys: { 'ed25519:1': { key: 'XGX0JRS2Af3be3knz2fBiRbApjm2Dh61gXDJA8kcJNI' } },
      },
      '0R4pOpdtDBH9uDJA4Mf6LSuhgFa30yVBlGqc2y4ytq1xzddSZeaSx5TKTZEmuV0WvjL76jnCHbiUo1CQWGA+Ag',
    ],
    [{}, 'K8280/U9SSy9IVtjBuVeLr+HpOB4BQFWbg+UZaADMtTdGYI7Geitb76LTrr5QV/7Xg4ahLwYGYZzuHGZKM5ZAQ'],
    [
      { one: 1, two: 'Two' },
      'KqmLSbO39/Bzb0QIYE82zqLwsA+PDzYIpIRA2sRQ4sL53+sN6/fpNSoqE7BP7vBZhG6kYdD13EIMJpvhJI+6Bw',
    ],
  ])('signed JSON has the signature of the vector: %j', (value, signature) => {
    expect(signJson(value, 'domain', signer)).toEqual({ domain: { 'ed25519:1': signature } })
    expect(verifyEd25519(signer.publicKey, signedText({ ...value, unsigned: {} }), signature)).toBeTrue()
    expect(verifyEd25519(signer.publicKey, signedText({ ...value, more: 1 }), signature)).toBeFalse()
  })

  test('an event of the specification has its content hash and signature', () => {
    const event = {
      auth_events: [],
      content: {},
      depth: 3,
      origin: 'domain',
      origin_server_ts: 1_000_000,
      prev_events: [],
      room_id: '!x:domain',
      sender: '@a:domain',
      type: 'X',
    }
    const hash = '5jM4wQpv6lnBo7CLIghJuHdW+s2CMBJPUOGOC89ncos'
    expect(contentHash(event, sha256)).toBe(hash)
    // Its redaction is that of version 1, which keeps the same members as version 3.
    expect(signEvent(version('3'), { ...event, hashes: { sha256: hash } }, 'domain', signer)).toEqual({
      domain: {
        'ed25519:1': 'KxwGjPSDEtvnFgU00fwFz+l6d2pJM6XBIaMEn81SXPTRl16AqLAYqfIReFGZlHi5KLjAWbOoMszkwsQma+lYAg',
      },
    })
  })
})

const texts = fc.string({ unit: 'binary', maxLength: 20 })
const contents = fc.dictionary(
  texts,
  fc.oneof(texts, fc.maxSafeInteger(), fc.boolean(), fc.constant(null), fc.dictionary(texts, texts)),
)
const versions = fc.constantFrom(...ROOM_VERSIONS.map(version))
const drafts: fc.Arbitrary<EventDraft> = fc.record(
  {
    type: fc.constantFrom(
      'm.room.member',
      'm.room.create',
      'm.room.join_rules',
      'm.room.power_levels',
      'm.room.history_visibility',
      'm.room.aliases',
      'm.room.message',
      'x',
    ),
    sender: fc.constant(system),
    roomId: fc.constant(room),
    stateKey: texts.map((text) => text.replaceAll('\0', '')),
    content: fc
      .tuple(contents, fc.subarray(['membership', 'creator', 'allow', 'join_rule', 'invite', 'aliases']))
      .map(([content, keys]) => ({ ...content, ...Object.fromEntries(keys.map((key) => [key, 'x'])) })),
    redacts: fc.constant(message.eventId),
    originServerTs: fc.nat(),
    depth: fc.nat(),
    prevEvents: fc.constant([create.eventId]),
    authEvents: fc.constant([create.eventId, join.eventId]),
  },
  {
    requiredKeys: [
      'type',
      'sender',
      'roomId',
      'content',
      'originServerTs',
      'depth',
      'prevEvents',
      'authEvents',
    ],
  },
)

describe('every event', () => {
  test('it has the hash and id that its whole form has, and its stored form reads back', () => {
    fc.assert(
      fc.property(versions, drafts, (of, draft) => {
        const { eventId, pdu, json } = makeEvent(of, draft, sha256)
        expect(contentHash(pdu, sha256)).toBe(pdu.hashes.sha256)
        expect(eventIdOf(of, pdu, sha256)).toBe(eventId)
        expect(signedText(pdu)).toBe(json)
      }),
    )
  })

  test('redaction keeps its id and signature, removes nothing twice and never makes it longer', () => {
    fc.assert(
      fc.property(versions, drafts, (of, draft) => {
        const { eventId, pdu, json } = makeEvent(of, draft, sha256)
        const gone = redacted(of, { ...pdu, unsigned: { age: 1 } })
        expect(eventIdOf(of, gone, sha256)).toBe(eventId)
        expect(signatureOf(gone, of)).toBe(signatureOf(pdu, of))
        expect(redacted(of, gone)).toEqual(gone)
        expect(signedText(gone).length).toBeLessThanOrEqual(json.length)
      }),
    )
  })

  test('signatures and unsigned data change neither hash nor id', () => {
    const signed = {
      ...message.pdu,
      signatures: signEvent(v11, message.pdu, server, signer),
      unsigned: { age: 5 },
    }
    expect(contentHash(signed, sha256)).toBe(message.pdu.hashes.sha256)
    expect(referenceText(v11, signed)).toBe(referenceText(v11, message.pdu))
  })

  test('a redaction names its target where the room version wants it', () => {
    const draft = {
      ...messageDraft,
      type: 'm.room.redaction',
      content: { reason: 'x' },
      redacts: message.eventId,
    }
    const early = makeEvent(version('10'), draft, sha256).pdu
    expect([early.redacts, early.content]).toEqual([message.eventId, { reason: 'x' }])
    const late = makeEvent(v11, draft, sha256).pdu
    expect([late.redacts, late.content]).toEqual([undefined, { reason: 'x', redacts: message.eventId }])
  })

  test('its depth is one more than the greatest before it, and stays an integer', () => {
    expect([depthAfter([]), depthAfter([4, 9, 2]), depthAfter([Number.MAX_SAFE_INTEGER])]).toEqual([
      1,
      10,
      Number.MAX_SAFE_INTEGER,
    ])
  })
})

describe('limits', () => {
  const reason = (draft: Partial<EventDraft>) => {
    try {
      makeEvent(v11, { ...messageDraft, ...draft }, sha256)
      return 'made'
    } catch (error) {
      return (error as { reason?: string }).reason
    }
  }

  test('a type, state key, sender and room id have 255 bytes at most', () => {
    for (const member of ['type', 'stateKey', 'sender', 'roomId'] as const) {
      expect(reason({ [member]: 'é'.repeat(127) })).toBe('made')
      expect(reason({ [member]: 'é'.repeat(128) })).toBe('m_too_large')
    }
  })

  test('none of them has a NUL', () => {
    for (const member of ['type', 'stateKey', 'sender', 'roomId'] as const)
      expect(reason({ [member]: 'a\0b' })).toBe('m_bad_json')
  })

  test('an event with its signature has 65,536 bytes at most', () => {
    const sized = (body: string) => {
      const { pdu } = makeEvent(v11, { ...messageDraft, content: { body } }, sha256)
      const signatures = { [server]: { 'ed25519:a_abcd': 'x'.repeat(86) } }
      return new TextEncoder().encode(JSON.stringify({ ...pdu, signatures })).length
    }
    const spare = MAX_EVENT_BYTES - sized('')
    expect(sized('x'.repeat(spare))).toBe(MAX_EVENT_BYTES)
    expect(reason({ content: { body: 'x'.repeat(spare + 1) } })).toBe('m_too_large')
    expect(reason({ content: { body: '€'.repeat(Math.floor(spare / 3)) } })).toBe('made')
    expect(reason({ content: { body: '€'.repeat(Math.floor(spare / 3) + 1) } })).toBe('m_too_large')
  })
})
