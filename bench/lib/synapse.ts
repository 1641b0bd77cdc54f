import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { waitFor } from './wait'

export const binary = resolve(import.meta.dir, '../../dist/synapse')

export interface Process {
  readonly pid: number
  /** Seconds of processor time used so far. */
  cpuSeconds(): number
  /** Resident memory in bytes. */
  rss(): number
  [Symbol.asyncDispose](): Promise<void>
}

export interface Synapse extends Process {
  readonly home: string
  readonly port: number
  /** Milliseconds from starting the process to the first 200 of /readyz. */
  readonly startedAfter: number
  /** As the local operator. */
  admin<Answer>(method: string, path: string, body?: object): Promise<Answer>
  /** Makes a channel and an agent in it; answers the agent's token. */
  agent(handle: string, slugs: readonly string[]): Promise<string>
  restart(): Promise<Synapse>
}

interface RunFile {
  readonly phase: string
  readonly pid: number
  readonly urls: readonly string[]
  readonly socket: string
}

/** Limits that the shapes need out of the way; printed with the results. */
export const raisedLimits = {
  SYNAPSE_STREAMS_PER_ACCOUNT: '10000',
  SYNAPSE_STREAMS_TOTAL: '20000',
  SYNAPSE_CHAIN_LIMIT: '0',
  SYNAPSE_RATE_LOGIN: 'off',
  SYNAPSE_RATE_POST: 'off',
  SYNAPSE_RATE_READ: 'off',
  SYNAPSE_RATE_WRITE: 'off',
  SYNAPSE_RATE_SEARCH: 'off',
}

/** Starts the compiled server on a home of its own, on loopback; disposing stops it and removes the home. */
export async function startSynapse(
  options: { home?: string; keepHome?: boolean; env?: Readonly<Record<string, string>> } = {},
): Promise<Synapse> {
  const home = options.home ?? mkdtempSync(join(tmpdir(), 'synapse-bench-'))
  const started = performance.now()
  const child = Bun.spawn([binary, 'serve', '--port', '0', '--home', home], {
    env: {
      PATH: process.env.PATH ?? '',
      HOME: home,

      ...raisedLimits,
      ...options.env,
    },
    stdout: 'ignore',
    stderr: 'ignore',
  })
  const ended = child.exited.then((code) => {
    throw new Error(`the server ended with ${code}`)
  })
  const ready = waitFor('the server to be ready', () => {
    const file: RunFile = JSON.parse(readFileSync(join(home, 'run/synapse.json'), 'utf8'))
    return file.phase === 'ready' && file.pid === child.pid ? file : undefined
  })
  const run = await Promise.race([ready, ended])
  ended.catch(() => {})
  const port = Number(new URL(run.urls[0] ?? '').port)
  await waitFor(
    '/readyz',
    async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).status === 200 || undefined,
  )
  const startedAfter = performance.now() - started
  const admin = async <Answer>(method: string, path: string, body?: object): Promise<Answer> => {
    const response = await fetch(`http://localhost${path}`, {
      unix: run.socket,
      method,
      headers: { 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return (await response.json()) as Answer
  }
  return {
    home,
    port,
    startedAfter,
    admin,
    agent: async (handle, slugs) => {
      const known = new Set(
        (await admin<{ slug: string }[]>('GET', '/v1/admin/channels')).map(({ slug }) => slug),
      )
      for (const slug of slugs)
        if (!known.has(slug)) await admin('POST', '/v1/admin/channels', { slug, name: slug })
      return (await admin<{ token: string }>('POST', '/v1/admin/onboard', { handle, channels: slugs })).token
    },
    restart: async () => {
      child.kill('SIGTERM')
      await child.exited
      return startSynapse({ ...options, home })
    },
    ...processOf(child),
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM')
      const patience = setTimeout(() => child.kill('SIGKILL'), 30_000)
      await child.exited
      clearTimeout(patience)
      if (options.keepHome !== true && home.startsWith(tmpdir()))
        rmSync(home, { recursive: true, force: true })
    },
  }
}

/** Starts a baseline of this folder that prints its port. */
export async function startBaseline(
  script: string,
  ...args: string[]
): Promise<Process & { readonly port: number }> {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, script), ...args], {
    stdout: 'pipe',
    stderr: 'ignore',
  })
  const { value } = await child.stdout.getReader().read()
  return {
    port: Number(new TextDecoder().decode(value)),
    ...processOf(child),
    [Symbol.asyncDispose]: async () => {
      child.kill()
      await child.exited
    },
  }
}

function processOf({ pid }: { pid: number }) {
  return {
    pid,
    cpuSeconds: () => {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /, '')
        .split(' ')
      return (Number(fields[11]) + Number(fields[12])) / 100
    },
    rss: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024,
  }
}
