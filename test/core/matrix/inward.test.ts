// What messages sent over Matrix say on v1.
import { describe, expect, test } from 'bun:test'
import { inwardMessage, relationIn } from '../../../src/core/matrix/inward'

const said = (content: object) => inwardMessage({ msgtype: 'm.text', body: 'hi', ...content })

describe('a message sent over Matrix', () => {
  test('is its body, as plain text', () => {
    expect(said({})).toEqual({
      body: 'hi',
      format: 'plaintext',
      priority: 'normal',
      mentions: null,
      threadRoot: null,
      replyTo: null,
      file: null,
      facts: {},
    })
  })

  test('is markdown if it has HTML', () => {
    const html = { format: 'org.matrix.custom.html', formatted_body: '<b>hi</b>' }
    expect(said({ ...html, body: '**hi**' })).toMatchObject({ body: '**hi**', format: 'markdown' })
    expect(said({ ...html, formatted_body: 5 })).toMatchObject({ format: 'plaintext' })
  })

  test('of a program is for information only', () => {
    expect(said({ msgtype: 'm.notice' })).toMatchObject({ priority: 'fyi', facts: {} })
  })

  test('that tells what somebody does begins with /me', () => {
    expect(said({ msgtype: 'm.emote', body: 'waves' })).toMatchObject({
      body: '/me waves',
      facts: { type: 'm.emote' },
    })
  })

  test('of another type has its body, and names its type', () => {
    expect(said({ msgtype: 'm.location', body: 'here', geo_uri: 'geo:1,2' })).toMatchObject({
      body: 'here',
      facts: { type: 'm.location' },
    })
  })

  test('without a text is none', () => {
    for (const content of [{}, { msgtype: 'm.text' }, { body: 'hi' }, { msgtype: 'm.text', body: 5 }])
      expect(inwardMessage(content)).toBeUndefined()
    expect(said({ body: '' })).toBeUndefined()
  })

  test('is cut after 16,000 code points, and says so', () => {
    const whole = said({ body: '👍'.repeat(16_000) })
    expect(whole?.facts).toEqual({})
    const cut = said({ body: '👍'.repeat(16_001) })
    expect(cut?.body).toBe('👍'.repeat(16_000))
    expect(cut?.facts).toEqual({ truncated: true })
  })

  test('has no NUL, which no database keeps', () => {
    expect(said({ body: 'a\0b' })?.body).toBe('a\ufffdb')
  })

  test('mentions whom it declares, each once, and nobody else', () => {
    const userIds = ['@bob:example.org', '@bob:example.org', 'bob', 7]
    expect(said({ body: '@eve', 'm.mentions': { user_ids: userIds, room: true } })?.mentions).toEqual({
      userIds: ['@bob:example.org'],
      room: true,
    })
    expect(said({ 'm.mentions': {} })?.mentions).toEqual({ userIds: [], room: false })
    expect(said({ 'm.mentions': [] })?.mentions).toBeNull()
  })
})

describe('a file sent over Matrix', () => {
  const url = 'mxc://example.org/abc'
  test('is a message whose body is its name', () => {
    expect(said({ msgtype: 'm.image', body: 'cat.png', url })).toMatchObject({
      body: 'cat.png',
      file: { uri: url, name: 'cat.png' },
      facts: { type: 'm.image' },
    })
  })

  test('has its caption as the body if it has a name beside it', () => {
    const content = { msgtype: 'm.file', body: 'the plan', filename: 'plan.pdf', url }
    expect(said(content)).toMatchObject({ body: 'the plan', file: { uri: url, name: 'plan.pdf' } })
    expect(said({ ...content, body: '' })).toMatchObject({ body: 'plan.pdf' })
  })

  test('is no file without an mxc URI', () => {
    expect(said({ msgtype: 'm.image', url: 'https://example.org/cat.png' })?.file).toBeNull()
    expect(said({ msgtype: 'm.text', url })?.file).toBeNull()
  })
})

describe('relations', () => {
  const root = '$root'
  test('a reply names its event, and loses the quotation', () => {
    const reply = { 'm.relates_to': { 'm.in_reply_to': { event_id: root } } }
    const quoted = '> <@bob:example.org> what?\n> really?\n\nyes\n> a quotation of its own'
    expect(said({ ...reply, body: quoted })).toMatchObject({
      body: 'yes\n> a quotation of its own',
      replyTo: root,
      threadRoot: null,
    })
    expect(said({ ...reply, body: '> only a quotation' })?.body).toBe('> only a quotation')
    expect(said({ body: quoted })?.body).toBe(quoted)
  })

  test('a message of a thread replies only if it says that its reply is one', () => {
    const thread = { rel_type: 'm.thread', event_id: root, 'm.in_reply_to': { event_id: '$other' } }
    expect(said({ 'm.relates_to': thread })).toMatchObject({ threadRoot: root, replyTo: '$other' })
    expect(said({ 'm.relates_to': { ...thread, is_falling_back: true } })).toMatchObject({
      threadRoot: root,
      replyTo: null,
    })
  })

  test('an annotation has a key', () => {
    const relates = { rel_type: 'm.annotation', event_id: root, key: '👍' }
    expect(relationIn({ 'm.relates_to': relates })).toMatchObject({
      relType: 'm.annotation',
      eventId: root,
      key: '👍',
    })
  })

  test('what is malformed is no relation', () => {
    for (const relates of [
      null,
      [],
      'x',
      { rel_type: 'm.thread' },
      { event_id: root },
      { rel_type: 1, event_id: 2 },
    ])
      expect(relationIn({ 'm.relates_to': relates })).toEqual({
        relType: null,
        eventId: null,
        key: null,
        threadRoot: null,
        replyTo: null,
        fallback: null,
      })
  })
})
