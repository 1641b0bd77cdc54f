import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Approval, Claim, Message } from '@synapse/client'
import { Room } from '../../client/room'
import { until } from '../../support/sockets'
import { Desk } from './desk'

setDefaultTimeout(120_000)

let room: Room
beforeAll(async () => {
  room = await Room.open()
})
afterAll(() => room[Symbol.asyncDispose]())

describe('await', () => {
  test('it prints the first message that matches all of the filters', async () => {
    const [ann, bob] = [await Desk.of(room, 'ann'), await Desk.of(room, 'bob')]
    const [start] = await bob.lines<Message>('post', 'general', 'start', '--json')
    const words = [
      'await',
      '--from',
      '@Ann',
      '--mention',
      'bob',
      '--body-contains',
      'green',
      '--since',
      start?.cursor ?? '',
    ]
    const waiting = bob.lines<Message>(...words, '--json')
    for (const body of ['green', '@bob red', '@bob green', '@bob green again'])
      await ann.out('post', 'general', body)
    expect((await waiting).map(({ body }) => body)).toEqual(['@bob green'])
  })

  test('an answer to what it posted is not missed, and its own post does not count', async () => {
    const [ann, cyd] = [await Desk.of(room, 'ann'), await Desk.of(room, 'cyd')]
    const waiting = cyd.run('await', '--channel', 'general', '--post', '@ann why?')
    await until('the question', async () => (await ann.lines('inbox', '--json')).length > 0)
    await ann.out('post', 'general', 'because')
    const { code, stdout } = await waiting
    expect({ code, text: stdout.trimEnd().split('  ').at(-1) }).toEqual({ code: 0, text: 'because' })
  })

  test('it goes on waiting while the server is restarted', async () => {
    const [ann, eva] = [await Desk.of(room, 'ann'), await Desk.of(room, 'eva')]
    const [start] = await eva.lines<Message>('post', 'general', 'start', '--json')
    const waiting = eva.lines<Message>('await', '--from', 'ann', '--since', start?.cursor ?? '', '--json')
    await room.crash()
    await ann.out('post', 'general', 'after the restart')
    expect((await waiting).map(({ body }) => body)).toEqual(['after the restart'])
  })

  test('exit status 6 says that none came, and from where to go on', async () => {
    const dan = await Desk.of(room, 'dan')
    const { code, stdout, stderr } = await dan.run('await', '--from', 'nobody', '--timeout', '0')
    expect({ code, stdout }).toEqual({ code: 6, stdout: '' })
    const cursor = /--since (\S+)/.exec(stderr)?.[1] ?? ''
    await dan.out('post', 'general', 'later')
    const [found] = await dan.lines<Message>('await', '--from', 'dan', '--since', cursor, '--json')
    expect(found?.body).toBe('later')
    expect((await dan.run('await', '--timeout', 'long')).code).toBe(2)
    expect((await dan.run('await', '--post', 'x', '--channel', 'a,b')).code).toBe(2)
  })
})

describe('ask', () => {
  test('the option that a person chose is alone on stdout', async () => {
    const eve = await Desk.of(room, 'eve')
    const ada = await room.as('ada', 'person')
    const waiting = eve.run(
      'ask',
      'general',
      'Deploy?',
      '--option',
      'Deploy',
      '--option',
      'Not now',
      '--approver',
      'ada',
    )
    const pending = await until('the question', async () => {
      const { approvals } = await ada.request('GET /v1/approvals', { query: { mine: 'decidable' } })
      return approvals[0]
    })
    expect(pending).toMatchObject({ question: 'Deploy?', approvers: ['ada'] })
    await ada.request('POST /v1/approvals/{id}/decide', {
      path: { id: pending.id },
      body: { option: 'Not now', note: 'after lunch' },
    })
    const { code, stdout, stderr } = await waiting
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'Not now\n' })
    expect(stderr).toContain('decided by @ada: after lunch')
  })

  test('a question outlives the command, and is waited for again', async () => {
    const fay = await Desk.of(room, 'fay')
    const ada = await room.as('ada', 'person')
    const late = await fay.run('ask', '--channel', 'general', '--question', 'Go on?', '--wait', '1')
    expect({ code: late.code, stdout: late.stdout }).toEqual({ code: 6, stdout: '' })
    const id = /--resume (\S+)/.exec(late.stderr)?.[1] ?? ''
    const [open] = await fay.lines<Approval>('ask', '--resume', id, '--wait', '0', '--json')
    expect(open).toMatchObject({ id, state: 'pending', options: [{ id: 'yes' }, { id: 'no' }] })
    await ada.request('POST /v1/approvals/{id}/decide', { path: { id }, body: { option: 'yes' } })
    expect(await fay.out('ask', '--resume', id)).toBe('yes\n')
  })

  test('a cancelled question, too few options and a stranger as approver are told apart', async () => {
    const gus = await Desk.of(room, 'gus')
    const id = (await gus.out('ask', 'general', 'Really?', '--wait', '0')).trim()
    const client = await room.as('gus')
    await client.request('POST /v1/approvals/{id}/cancel', { path: { id } })
    expect(await gus.run('ask', '--resume', id)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('cancelled'),
    })
    expect((await gus.run('ask', 'general', 'One?', '--option', 'a')).code).toBe(2)
    expect((await gus.run('ask', 'general', 'Who?', '--approver', 'phantom')).code).not.toBe(0)
    expect((await gus.run('ask', '--resume', '00000000-0000-0000-0000-000000000000')).code).toBe(4)
  })
})

describe('claim', () => {
  test('a claim excludes others until it is released', async () => {
    const [hal, ida] = [await Desk.of(room, 'hal'), await Desk.of(room, 'ida')]
    const [held] = await hal.lines<Claim>(
      'claim',
      'file:src/a.ts',
      '--ttl',
      '10m',
      '--note',
      'the parser',
      '--json',
    )
    const refused = await ida.run('claim', 'file:src/a.ts')
    expect(refused.code).toBe(5)
    expect(refused.stderr).toContain('@hal holds file:src/a.ts until')
    expect(await ida.out('claim', '--list', '--prefix', 'file:')).toStartWith('file:src/a.ts\thal\t\t')
    const epoch = String(held?.epoch)
    const id = held?.id ?? ''
    expect(await hal.out('claim', '--renew', id, '--epoch', epoch)).toContain('claimed file:src/a.ts')
    expect((await hal.run('claim', '--renew', id)).code).toBe(2)
    expect((await ida.run('claim', '--release', id)).code).toBe(3)
    expect(await hal.out('claim', '--release', id.slice(-6), '--outcome', 'done')).toBe(
      'released file:src/a.ts, done\n',
    )
    expect((await hal.run('claim', '--renew', id, '--epoch', epoch)).code).toBe(5)
    for (const words of [['claim'], ['claim', 'file:a', '--list'], ['claim', '--epoch', '1']])
      expect([words, (await hal.run(...words)).code]).toEqual([words, 2])
  })

  test('a command runs while the claim is held, and its exit status is that of the command', async () => {
    const jan = await Desk.of(room, 'jan')
    const script = 'cat; echo $SYNAPSE_CLAIM_EPOCH $1; exit 7'
    const ran = await jan.feed('input\n', 'claim', 'task:seven', '--', 'sh', '-c', script, 'sh', '--flag')
    expect(ran.code).toBe(7)
    expect(ran.stdout).toMatch(/^input\n\d+ --flag\n$/)
    const client = await room.as('jan')
    const ended = async (resource: string) => {
      const { claims } = await client.request('GET /v1/claims', { query: { resource, include: 'ended' } })
      return claims[0]?.outcome
    }
    expect(await ended('task:seven')).toBe('failed')
    expect((await jan.run('claim', 'task:ok', '--', 'true')).code).toBe(0)
    expect(await ended('task:ok')).toBe('done')
    const none = await jan.run('claim', 'task:none', '--', 'no-such-program')
    expect(none).toMatchObject({ code: 1, stderr: expect.stringContaining('cannot run no-such-program') })
    expect(await ended('task:none')).toBe('failed')
    await jan.out('claim', 'task:held', '--instance', 'other')
    const refused = await jan.run('claim', 'task:held', '--', 'touch', join(jan.home, 'ran'))
    expect([refused.code, existsSync(join(jan.home, 'ran'))]).toEqual([5, false])
  })

  test('the claim is renewed while the command runs; when it is lost, the command and what it started end', async () => {
    const kim = await Desk.of(room, 'kim')
    const file = join(kim.home, 'pids')
    const script = `sleep 600 & echo $$ $! > '${file}'; wait`
    const running = kim.run('claim', 'task:long', '--ttl', '10s', '--', 'sh', '-c', script)
    const pids = await until('the command', () => {
      const found = existsSync(file) ? readFileSync(file, 'utf8').trim().split(' ').map(Number) : []
      return found.length === 2 && found
    })
    const client = await room.as('kim')
    const held = async () => {
      const { claims } = await client.request('GET /v1/claims', { query: { resource: 'task:long' } })
      return claims[0]
    }
    const first = await held()
    await until('a renewal', async () => (await held())?.renewed_at !== first?.renewed_at)
    const { id = '', instance = '' } = first ?? {}
    await client.request('POST /v1/claims/{id}/release', { path: { id }, body: { instance } })
    const { code, stderr } = await running
    expect(code).toBe(5)
    expect(stderr).toContain('the claim on task:long was lost')
    for (const pid of pids) await until(`the end of ${pid}`, () => !isRunning(pid))
  })

  test('a signal ends the command, and the claim is released', async () => {
    const lea = await Desk.of(room, 'lea')
    const file = join(lea.home, 'started')
    const child = Bun.spawn(
      [...room.site.program, 'claim', 'task:sig', '--', 'sh', '-c', `touch '${file}'; exec sleep 600`],
      {
        cwd: lea.home,
        env: lea.environment,
        stdout: 'ignore',
        stderr: 'ignore',
      },
    )
    room.site.remember(child.pid)
    await until('the command', () => existsSync(file))
    child.kill('SIGTERM')
    expect(await child.exited).toBe(143)
    const client = await room.as('lea')
    expect((await client.request('GET /v1/claims', { query: { resource: 'task:sig' } })).claims).toEqual([])
  })
})

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    // A zombie has ended.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
