import { describe, expect, test } from 'bun:test'
import { generateKeyPairSync, sign } from 'node:crypto'
import { canonicalJson } from '../../src/core/kernel/canonical-json'
import { findAt, findByDomain, type NameServer } from '../../src/discovery'
import { parseInstanceKey } from '../../src/home'
import { Site } from '../support/site'

const NOW = Date.parse('2026-11-21T12:00:00Z')
const now = () => NOW
const capabilities = { api: 'v1', auth_required: true, features: ['events'] }

/** The manifest of a server, signed with a new key. */
function signed(url: string, changes: Record<string, unknown> = {}) {
  const { privateKey } = generateKeyPairSync('ed25519')
  const { did } = parseInstanceKey(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), 'a key')
  const manifest = {
    v: 1,
    did,
    url,
    name: 'Lab ✓',
    software: 'synapse',
    federation: { enabled: true, protocol: 1 },
    issued_at: NOW / 1000,
    expires_at: NOW / 1000 + 604_800,
    ...changes,
  }
  const signature = sign(null, Buffer.from(`synapse-manifest-v1\n${canonicalJson(manifest)}`), privateKey)
  return {
    did,
    answer: { capabilities, federation_manifest: { manifest, signature: signature.toString('base64url') } },
  }
}

/** A web in which only these addresses answer. */
const web = (pages: Record<string, unknown>) => async (url: string) =>
  url in pages ? Response.json(pages[url]) : new Response('nothing', { status: 404 })
const nothing: NameServer = {
  resolveSrv: () => Promise.reject(new Error('ENOTFOUND')),
  resolveTxt: () => Promise.reject(new Error('ENOTFOUND')),
}

describe('looking up an address', () => {
  const url = 'https://lab.example'
  const at = (answer: unknown, hintedDid?: string) =>
    findAt(url, {
      fetch: web({ [`${url}/.well-known/synapse`]: answer }),
      now,
      ...(hintedDid !== undefined && { hintedDid }),
    })

  test('a manifest signed by the key that it names is verified', async () => {
    const { did, answer } = signed(url)
    expect(await at(answer)).toEqual({
      did,
      name: 'Lab ✓',
      url,
      features: ['events'],
      verified: true,
      problem: null,
    })
  })

  test('a server without a manifest is found and not verified', async () => {
    expect(await at({ capabilities })).toMatchObject({ did: null, verified: false, problem: null })
  })

  test('a manifest that fails verification is reported with the reason', async () => {
    const good = signed(url)
    const { manifest, signature } = good.answer.federation_manifest
    const other = signed(url)
    const rows: [unknown, string][] = [
      [{ manifest: { ...manifest, name: 'Other' }, signature }, 'the signature of the manifest is wrong'],
      [{ manifest: { ...manifest, did: other.did }, signature }, 'the signature of the manifest is wrong'],
      [{ manifest, signature: '' }, 'the signature of the manifest is wrong'],
      [{ manifest }, 'the signature of the manifest is wrong'],
      [{ manifest: { ...manifest, x: 0.5 }, signature }, 'the signature of the manifest is wrong'],
      [{ manifest: { ...manifest, did: 'did:web:x' }, signature }, 'the manifest is malformed'],
      [{}, 'the manifest is malformed'],
      [signed(url, { expires_at: NOW / 1000 - 61 }).answer.federation_manifest, 'the manifest has expired'],
      [
        signed('https://evil.example').answer.federation_manifest,
        'the manifest is that of https://evil.example',
      ],
      [
        signed(url, { federation: { protocol: 2 } }).answer.federation_manifest,
        'the manifest is of another protocol',
      ],
    ]
    for (const [federation_manifest, problem] of rows)
      expect(await at({ capabilities, federation_manifest })).toMatchObject({
        verified: false,
        problem,
        did: null,
      })
    expect(await at(good.answer, other.did)).toMatchObject({
      verified: false,
      problem: `it was announced as ${other.did}`,
    })
  })

  test('an answer that is not from Synapse is not a peer', async () => {
    for (const answer of [{}, [], null, { capabilities: { api: 'v9' } }])
      expect(await at(answer)).toBeUndefined()
    const huge = { capabilities, filler: 'x'.repeat(70_000) }
    expect(await at(huge)).toBeUndefined()
  })
})

describe('looking up a domain', () => {
  test('a lookup tries the domain, its did.json, then SRV and TXT, and the first verified answer wins', async () => {
    const [own, elsewhere, third] = [
      signed('https://example.org'),
      signed('https://chat.example.org'),
      signed('https://srv.example.org:8443'),
    ]
    const didJson = {
      service: [{ type: 'Other' }, { type: 'Synapse', serviceEndpoint: 'https://chat.example.org' }],
    }
    const dns: NameServer = {
      resolveSrv: async (name) =>
        name === '_synapse._tcp.example.org' ? [{ name: 'srv.example.org', port: 8443 }] : [],
      resolveTxt: async () => [[`v=1 did=${third.did} tls=1 path=/.well-known/synapse`]],
    }
    const pages: Record<string, unknown> = {
      'https://srv.example.org:8443/.well-known/synapse': third.answer,
    }
    const look = async () => (await findByDomain('example.org', dns, { fetch: web(pages), now }))?.did
    expect(await look()).toBe(third.did)
    pages['https://example.org/.well-known/did.json'] = didJson
    pages['https://chat.example.org/.well-known/synapse'] = elsewhere.answer
    expect(await look()).toBe(elsewhere.did)
    pages['https://example.org/.well-known/synapse'] = { capabilities }
    expect(await look()).toBe(elsewhere.did)
    pages['https://example.org/.well-known/synapse'] = own.answer
    expect(await look()).toBe(own.did)
  })

  test('a DID in DNS that differs from the manifest fails verification', async () => {
    const { answer } = signed('https://srv.example.org:443')
    const liar = signed('https://x').did
    const dns: NameServer = {
      resolveSrv: async () => [{ name: 'srv.example.org', port: 443 }],
      resolveTxt: async () => [['v=1', `did=${liar}`]],
    }
    const fetch = web({ 'https://srv.example.org/.well-known/synapse': answer })
    expect(await findByDomain('example.org', dns, { fetch, now })).toMatchObject({ verified: false })
  })

  test('a domain without a server has no peer', async () => {
    expect(await findByDomain('example.org', nothing, { fetch: web({}), now })).toBeUndefined()
  })
})

describe('synapse discover', () => {
  test('synapse discover finds a server by its address, and exits with 4 if there is none', async () => {
    await using site = new Site()
    const server = await site.serve()
    const { peers } = await site.json<{ peers: object[] }>('discover', '--url', server.url, '--json')
    expect(peers).toMatchObject([{ url: server.url, verified: false, problem: null }])
    expect((await site.run('discover', '--url', 'http://127.0.0.1:1')).code).toBe(4)
    expect((await site.run('discover', '--url', server.url, '--mdns')).code).toBe(2)
    expect((await site.run('discover', '--domain', 'not a name')).code).toBe(2)
  })
})
