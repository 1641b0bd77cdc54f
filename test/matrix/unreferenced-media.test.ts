// Files that nothing names go after a while.
import { describe, expect, test } from 'bun:test'
import type { BlobKey } from '../../src/core/kernel/blobs'
import { later } from '../../src/core/kernel/time'
import { UnreferencedMedia } from '../../src/core/matrix/media/unreferenced'
import { engines } from '../store/engines'
import { DAY } from '../support/world'
import { handMade } from './rooms-by-hand'

const SERVER = 'example.org'

describe.each(engines)('over %s', (engine) => {
  test('a file that is old enough stays while an event, a profile or account data name it', async () => {
    await using here = await handMade(engine, ['ada'])
    const { store, core, clock } = here
    const ada = here.actor('ada').account.id
    let keepDays = 0
    const settings = { get: () => keepDays } as unknown as (typeof core)['settings']
    const files = new UnreferencedMedia({ store, serverName: SERVER, core: { ...core, settings } })
    const insert = (mediaId: string, accountId: number | null) => {
      const uploaded = { mime: 'image/png', name: null, size: 1, blob: blobOf(mediaId) }
      return store.transact((tx) => tx.matrix().insertMedia({ mediaId, accountId, server: SERVER, uploaded }))
    }
    const left = async () => {
      const soon = later(clock.now(), DAY)
      const rows = await store.reads.matrix().mediaBefore(soon, { after: '', limit: 100 })
      return rows.map(({ mediaId }) => mediaId)
    }
    const forget = () => files.forget(new AbortController().signal)
    const names = [
      'alone',
      'in-event',
      'in-edit',
      'in-profile',
      'in-avatar',
      'in-data',
      'prefix',
      'prefix-longer',
    ]
    for (const name of names) await insert(name, ada)
    await insert('copy', null)
    await insert('copy-sent', null)
    const uri = (name: string) => `mxc://${SERVER}/${name}`
    const room = await here.room('ada')
    await room.says('ada', 'a file', { url: uri('in-event') })
    await room.says('ada', 'edit', { 'm.new_content': { url: uri('in-edit'), other: uri('copy-sent') } })
    await room.says('ada', 'others', { url: 'mxc://other.example/alone', also: uri('prefix-longer') })
    await store.transact(async (tx) => {
      const matrix = tx.matrix()
      await matrix.updateUser(ada, { avatar: uri('in-avatar'), profile: { banner: uri('in-profile') } })
      const mx = await matrix.nextMx()
      const json = JSON.stringify({ stickers: [uri('in-data')] })
      await matrix.setAccountDatum({ accountId: ada, channelId: 0, type: 'org.example.stickers', json, mx })
    })
    expect(await forget()).toBe(0)
    clock.advance(8 * DAY)
    expect(await forget()).toBe(1)
    expect(await left()).toEqual([...names, 'copy-sent'].sort())
    keepDays = 9
    expect(await forget()).toBe(0)
    keepDays = 8
    await insert('young', ada)
    expect(await forget()).toBe(2)
    expect(await left()).toEqual(
      [...names, 'copy-sent', 'young'].filter((name) => name !== 'alone' && name !== 'prefix').sort(),
    )
  })
})

function blobOf(mediaId: string): BlobKey {
  const hash = new Bun.CryptoHasher('sha256').update(mediaId).digest('hex')
  return `attachments/${hash}-${hash.slice(0, 32)}` as BlobKey
}
