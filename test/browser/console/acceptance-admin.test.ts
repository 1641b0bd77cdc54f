// The work of an operator in the browser (console.md 10, 14): agents, webhooks, settings, audit, and every dialog.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { chmodSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { fastDirectory } from '../../support/fast-directory'
import type { Person } from '../../support/person'
import { Receiver } from '../../support/receiver'
import { program } from '../../support/site'
import { browser, ConsoleLab, type ConsolePage, desktop, expectedError, phone } from './support'

setDefaultTimeout(120_000)

/** What the browser says of a dialog that takes the focus itself. */
const autofocus = /Autofocus processing was blocked/
const dark = { ...phone, scheme: 'dark' } as const

/** Runs the lines that a page showed in a shell, in a home of its own. */
async function inShell(lines: string, home: string) {
  // The name by which the lines call the program.
  const synapse = join(home, 'synapse')
  await Bun.write(synapse, `#!/bin/sh\nexec ${program.map((word) => `'${word}'`).join(' ')} "$@"\n`)
  chmodSync(synapse, 0o755)
  const env = { ...process.env, HOME: home, PATH: `${home}:${process.env.PATH}` }
  const { exited, stdout, stderr } = Bun.spawn(['sh', '-c', lines], { env, stdout: 'pipe', stderr: 'pipe' })
  const [out, err] = await Promise.all([new Response(stdout).text(), new Response(stderr).text()])
  return { status: await exited, out, err }
}

describe.skipIf(browser === undefined)('an operator', () => {
  let lab: ConsoleLab
  let ada: Person
  let bo: Person
  beforeAll(async () => {
    lab = await ConsoleLab.open({ SYNAPSE_WEBHOOKS_ALLOW_TARGETS: '127.0.0.0/8' })
    await lab.world.channel('general')
    await lab.world.channel('lab')
    ada = await lab.world.human('ada', { isAdmin: true, channels: { general: 'admin', lab: 'admin' } })
    bo = await lab.world.human('bo', { channels: { general: 'member' } })
    await lab.world.agent('builder', { channels: { general: 'member' } })
    await lab.world.operator.post('/v1/admin/configsync/users/builder/enable', {})
  })
  afterAll(() => lab[Symbol.asyncDispose]())

  test('the lines of a new agent work in a shell, and revoking its token closes its socket', async () => {
    using home = fastDirectory()
    await using page = await lab.sit(ada, '/admin/accounts')
    await page.click('button', 'Agent')
    await page.fill('textbox', 'Handle', 'scout')
    await page.click('checkbox', '#general')
    await page.click('button', 'Create')
    const text = async (name: string) => {
      const region = await page.find('region', name)
      return await region.call<string>("function () { return this.querySelector('pre').textContent }")
    }
    const token = await text('Token')
    const posted = await inShell(await text('Try it in a shell'), home.path)
    expect(JSON.parse(posted.out), posted.err).toMatchObject({ channel: 'general' })
    expect(existsSync(join(home.path, '.synapse/scout.token'))).toBe(true)
    const set = await inShell(
      `${await text('Or let the command synapse act as the agent')} && synapse post general 'by the command'`,
      home.path,
    )
    expect(set.status, set.err).toBe(0)
    const { body } = await bo.get<{ messages: { body: string; sender_handle: string }[] }>(
      '/v1/messages?channel=general',
    )
    expect(body.messages.map((one) => [one.sender_handle, one.body])).toEqual(
      expect.arrayContaining([
        ['scout', 'Hello from scout.'],
        ['scout', 'by the command'],
      ]),
    )
    await page.isClean({ allowed: [autofocus] })

    const headers = { authorization: `Bearer ${token}` }
    const socket = new WebSocket(`${lab.world.url.replace('http', 'ws')}/v1/ws`, { headers } as never)
    const opened = Promise.withResolvers<void>()
    const closed = Promise.withResolvers<number>()
    socket.onopen = () => opened.resolve()
    socket.onclose = ({ code }) => closed.resolve(code)
    await opened.promise
    await page.goes('/admin/accounts/scout')
    // The command has made no token of its own: one works.
    await page.click('button', /^Revoke /)
    await page.click('button', 'Revoke')
    expect(await closed.promise).toBe(1008)
    await page.shows('It has no token that works.')
    await page.isClean({ allowed: [autofocus] })
  })

  test('a delivery is sent again, and each answer is shown', async () => {
    using hooks = new Receiver()
    hooks.answer = () => new Response('understood', { status: 200 })
    const made = await bo.post<{ id: string }>('/v1/me/webhooks', {
      name: 'pager',
      url: hooks.url,
      on: 'inbox',
    })
    expect(made.status, made.text).toBe(201)
    await bo.post(`/v1/me/webhooks/${made.body.id}/test`, {})
    await using page = await lab.sit(ada, '/admin/webhooks?account=bo')
    await page.shows('pager')
    const deliveries = "document.querySelector('[aria-label=Deliveries]').innerText"
    await page.waitFor(`${deliveries}.includes('1 attempt: answer 200')`)
    hooks.answer = () => new Response('understood again', { status: 202 })
    await page.click('button', /^Send again: /)
    await page.click('button', 'Look again')
    await page.waitFor(`${deliveries}.includes('2 attempts: answer 202')`)
    expect(hooks.received.length).toBe(2)
    await page.isClean()
  })

  test('what became of a setting is in its history and in the audit log, whose chain is verified', async () => {
    await using page = await lab.sit(ada, '/admin/settings/auth.session_days')
    await page.fill('textbox', 'New value', 'soon')
    await page.click('button', 'Set')
    await page.waitFor("document.querySelector('#setting-problem')?.textContent.length > 10")
    await page.fill('textbox', 'New value', '30')
    await page.click('button', 'Set')
    await page.click('button', 'Unset…')
    await page.click('button', 'Unset')
    const changes =
      "[...document.querySelectorAll('[aria-label=History] tbody tr')].map((row) => row.cells[1].innerText)"
    await page.waitFor(`${changes}.join() === 'unset,30'`)
    await page.isClean({ allowed: [expectedError(400), autofocus] })

    await page.goes('/admin/audit?action=setting.')
    await page.waitFor("document.querySelectorAll('tbody tr').length === 2")
    await page.click('button', 'Verify')
    await page.click('button', 'Verify now')
    await page.find('status', /(?:)/)
    await page.shows('entries are as they were written')
    await page.isClean({ allowed: [expectedError(400), autofocus] })
  })

  /** What opens a dialog on each page: the name of a button, or of a menu and its item. */
  const dialogs: Readonly<Record<string, readonly (string | readonly [string, string])[]>> = {
    '/admin/accounts': ['Agent', 'Person'],
    '/admin/accounts/builder': [
      ['Acts for builder', 'Edit'],
      ['Acts for builder', 'Archive'],
      ['Acts for builder', 'Erase'],
      'Add to a channel',
      'Issue a token',
      'Set',
    ],
    '/admin/accounts/bo': [
      ['Acts for bo', 'Set a new password'],
      ['Acts for bo', 'Make a system admin'],
    ],
    '/admin/channels': ['Channel'],
    '/admin/channels/general': ['Edit', 'Add a member', 'Purge…', 'Archive…', 'Remove @bo'],
    '/admin/devices': ['Let a device in'],
    '/admin/settings/auth.session_days': [],
    '/admin/audit': ['Verify'],
    '/admin/configsync': ['Let an account use it'],
    '/admin/configsync/builder': ['Disable…', 'Purge…', 'Issue a token'],
    '/admin': ['Refuse changes…'],
  }

  const closes = async (page: ConsolePage) => {
    await page.press('Escape')
    await page.waitFor("!document.querySelector('dialog[open]')")
  }

  // An account without keys for ConfigSync: that they are missing is the answer 404.
  const allowed = [autofocus, expectedError(404)]

  test.each(Object.entries(dialogs))('%s and its dialogs are clean', async (path, openers) => {
    for (const window of [desktop, dark]) {
      await using page = await lab.sit(ada, path, window)
      await page.find('region', 'In a terminal')
      await page.waitFor("!document.querySelector('main [aria-busy]')")
      expect(await page.page.contrast()).toEqual({ scheme: window.scheme, faint: [] })
      await page.isClean({ allowed })
      for (const opener of openers) {
        const [first, item] = typeof opener === 'string' ? [opener] : opener
        await page.click('button', first)
        if (item !== undefined) await page.click('menuitem', item)
        await page.find('dialog', /./)
        await page.waitFor("!document.querySelector('dialog [aria-busy]')")
        await page.isClean({ allowed })
        if (window === dark) expect(await page.small(44)).toEqual([])
        await closes(page)
      }
    }
  })
})
