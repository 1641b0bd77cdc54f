import { type HeldClaim, SynapseError } from '@synapse/client'
import { processEnvironment } from '../../config/environment'
import { CliError, cancelled } from '../lib/cli-error'
import { EXIT, type ExitCode } from '../lib/exit-codes'
import { note } from '../lib/terminal'
import type { Client } from './index'

/** A claim, and the command that runs while it is held. */
interface Held {
  readonly resource: string
  readonly command: readonly string[]
  /** Seconds; undefined for the default of the client. */
  readonly ttl: number | undefined
  readonly note: string | undefined
  readonly message_id?: string
  readonly channel?: string
}

/** How long a command may go on after SIGTERM. */
const GRACE_MS = 10_000
/** Signals that are passed to the command. */
const PASSED = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Claims a resource, runs the command, and releases the claim. Returns the exit status of the command.
 * @throws SynapseError `claim_held`; CliError when the claim was lost or the command cannot be started
 */
export async function holdWhile({ synapse }: Client, held: Held): Promise<ExitCode> {
  const { ttl, note: why, message_id: messageId, channel } = held
  // Signals are taken from now on: the claim is to be released in any case.
  using signals = new PassedSignals()
  const claim = await synapse.claim(held.resource, {
    ...(ttl === undefined ? {} : { ttl }),
    ...(why === undefined ? {} : { note: why }),
    ...(messageId === undefined ? {} : { messageId }),
    ...(channel === undefined ? {} : { channel }),
  })
  let code: number | undefined
  try {
    code = await run(held, claim, signals)
  } finally {
    await release(claim, code === 0 ? 'done' : 'failed')
  }
  // A command may end with any number.
  return code as ExitCode
}

/** Releases a claim; one that was lost stays as it is. What the command did counts more than a failure here. */
async function release(claim: HeldClaim, outcome: 'done' | 'failed'): Promise<void> {
  try {
    await claim.release({ outcome })
  } catch (error) {
    if (!(error instanceof SynapseError)) throw error
    note(`! the claim on ${claim.claim.resource} was not released, and ends by itself: ${error.detail}`)
  }
}

/** Runs the command until it ends, or the claim is lost. Returns its exit status. @throws CliError */
async function run({ resource, command }: Held, claim: HeldClaim, signals: PassedSignals): Promise<number> {
  if (signals.hasCome) throw cancelled()
  let child: Bun.Subprocess
  try {
    child = start(command, claim)
  } catch {
    throw new CliError(EXIT.failure, `cannot run ${command[0]}`, ['is it installed, and may it be executed?'])
  }
  signals.passTo(child)
  let force: Timer | undefined
  const end = () => {
    note(`! the claim on ${resource} is lost: the command is ended`)
    kill(child, 'SIGTERM')
    force = setTimeout(() => kill(child, 'SIGKILL'), GRACE_MS)
  }
  claim.signal.addEventListener('abort', end)
  try {
    const code = await child.exited
    if (!claim.signal.aborted) return code
    // What it has started may go on.
    kill(child, 'SIGKILL')
    throw new CliError(EXIT.conflict, `the claim on ${resource} was lost while the command ran`)
  } finally {
    clearTimeout(force)
    claim.signal.removeEventListener('abort', end)
  }
}

/** Takes the signals that would end this process, and passes them to the command. */
class PassedSignals implements Disposable {
  hasCome = false
  private child: Bun.Subprocess | undefined
  private readonly take = (signal: NodeJS.Signals) => {
    this.hasCome = true
    if (this.child !== undefined) kill(this.child, signal)
  }

  constructor() {
    for (const signal of PASSED) process.on(signal, this.take)
  }

  passTo(child: Bun.Subprocess): void {
    this.child = child
  }

  [Symbol.dispose](): void {
    for (const signal of PASSED) process.off(signal, this.take)
  }
}

/** Starts the command as the leader of a group, so that signals reach what it starts, too. */
function start(command: readonly string[], { id, epoch }: HeldClaim): Bun.Subprocess {
  return Bun.spawn([...command], {
    env: { ...processEnvironment(), SYNAPSE_CLAIM_ID: id, SYNAPSE_CLAIM_EPOCH: String(epoch) },
    stdin: 'inherit',
    stdout: 'inherit',
    stderr: 'inherit',
    detached: true,
  })
}

function kill({ pid }: Bun.Subprocess, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch {
    // It has ended meanwhile.
  }
}
