import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { binary, startSynapse } from './lib/synapse'
import { ms, type Workload } from './lib/workload'

/** C2: from starting `synapse post` to its end, with the message on disk. */
export const commandStart: Workload = {
  id: 'C2',
  title: 'a command that posts, from its start to its end',
  run: async ({ quick }) => {
    await using server = await startSynapse({})
    const token = await server.agent('poster', ['room'])
    const home = mkdtempSync(join(tmpdir(), 'synapse-command-'))
    const env = { HOME: home, SYNAPSE_URL: `http://127.0.0.1:${server.port}`, SYNAPSE_TOKEN: token }
    const times: number[] = []
    try {
      for (let i = 0; i < (quick ? 10 : 50); i++) {
        const began = performance.now()
        const child = Bun.spawn([binary, 'post', 'room', `message ${i}`], {
          env,
          stdout: 'ignore',
          stderr: 'inherit',
        })
        const code = await child.exited
        times.push(performance.now() - began)
        if (code !== 0) throw new Error(`synapse post ended with ${code}`)
      }
    } finally {
      rmSync(home, { recursive: true, force: true })
    }
    times.sort((a, b) => a - b)
    const middle = times[Math.floor(times.length / 2)] ?? Number.NaN
    return [
      {
        workload: 'C2',
        shape: 'synapse post',
        measured: `median ${ms(middle)}, max ${ms(times.at(-1))} ms`,
        goal: '≤ 150 ms',
        met: middle <= 150,
        data: { times },
      },
    ]
  },
}

const PER_SECOND = 200
const MOST_SHARE = 0.15
/** Of user and system time in /proc/<pid>/stat. */
const TICKS_PER_SECOND = 100

/** C3: `synapse tail` on a terminal, while messages come at a steady rate. */
export const tailFollowing: Workload = {
  id: 'C3',
  title: 'tail on a terminal, 200 messages a second',
  run: async ({ quick }) => {
    await using server = await startSynapse({})
    const tokens = {
      reader: await server.agent('reader', ['room']),
      poster: await server.agent('poster', ['room']),
    }
    const home = mkdtempSync(join(tmpdir(), 'synapse-tail-'))
    const url = `http://127.0.0.1:${server.port}`
    let shown = 0
    const decoder = new TextDecoder()
    const child = Bun.spawn([binary, 'tail'], {
      env: { HOME: home, SYNAPSE_URL: url, SYNAPSE_TOKEN: tokens.reader, TERM: 'xterm' },
      terminal: {
        cols: 120,
        data: (_, bytes) => {
          shown += decoder.decode(bytes).split('message number').length - 1
        },
      },
    })
    const used = () => {
      const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8')
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
    }
    let posted = 0
    /** Posts at the rate for so many seconds. */
    const post = async (seconds: number) => {
      const headers = { authorization: `Bearer ${tokens.poster}`, 'content-type': 'application/json' }
      const start = performance.now()
      const sent: Promise<unknown>[] = []
      for (let now = start; now < start + seconds * 1000; now = performance.now()) {
        while (sent.length < ((now - start) / 1000) * PER_SECOND) {
          const body = JSON.stringify({ channel: 'room', body: `message number ${++posted} of many` })
          sent.push(fetch(`${url}/v1/messages`, { method: 'POST', headers, body }))
        }
        await Bun.sleep(2)
      }
      await Promise.all(sent)
    }
    try {
      await Bun.sleep(1500)
      await post(3)
      const [before, began] = [used(), performance.now()]
      await post(quick ? 5 : 20)
      const share = (used() - before) / ((performance.now() - began) / 1000)
      await Bun.sleep(500)
      return [
        {
          workload: 'C3',
          shape: `synapse tail, ${PER_SECOND} messages/s`,
          measured: `${(share * 100).toFixed(1)} % of a core; ${shown} of ${posted} shown`,
          goal: '≤ 15 % of a core',
          met: share <= MOST_SHARE && shown === posted,
          data: { share, shown, posted },
        },
      ]
    } finally {
      child.kill('SIGINT')
      await child.exited
      rmSync(home, { recursive: true, force: true })
    }
  },
}
