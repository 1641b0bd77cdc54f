import { createInterface } from 'node:readline/promises'
import { CliError, cancelled, UsageError } from './cli-error'
import { EXIT } from './exit-codes'
import { isInteractive, note } from './terminal'

const CTRL_C = '\u0003'
const CTRL_D = '\u0004'
const BACKSPACES = ['\u007f', '\b']
const LINE_ENDS = ['\r', '\n']

/** Asks on the terminal; an empty answer means `fallback`. @throws CliError on Ctrl-C and Ctrl-D */
export async function ask(question: string, fallback: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  const left = new Promise<never>((_, reject) => {
    lines.once('SIGINT', () => reject(cancelled()))
    lines.once('close', () => reject(cancelled()))
  })
  try {
    const answer = await Promise.race([lines.question(`${question} [${fallback}]: `), left])
    return answer.trim() || fallback
  } catch (error) {
    // The cursor is still on the line of the question.
    note('')
    throw error
  } finally {
    // Closing rejects `left`, which is no longer awaited.
    left.catch(() => undefined)
    lines.close()
  }
}

/** Asks whether to delete something. @throws UsageError without a terminal; CliError unless the answer is yes */
export async function confirm(command: string, question: string): Promise<void> {
  if (!isInteractive())
    throw new UsageError(`${command} asks for confirmation, and there is no terminal to ask on`, [
      'add --yes',
    ])
  const answer = await ask(`${question} yes or no`, 'no')
  if (!/^y(?:es)?$/i.test(answer)) throw new CliError(EXIT.interrupted, 'cancelled, and nothing was deleted')
}

/** Asks twice for a password without showing it; an empty answer means none. @throws CliError on Ctrl-C and Ctrl-D */
export function askNewPassword(who: string): Promise<string | undefined> {
  return unseen(async () => {
    for (;;) {
      const password = await secretAfter(`Password for ${who} (leave empty to generate one): `)
      if (password === '') return undefined
      if ((await secretAfter('Once more: ')) === password) return password
      process.stderr.write('The two do not match. Try again.\r\n')
    }
  })
}

/** Asks for a secret without showing it. @throws CliError on Ctrl-C and Ctrl-D */
export function askSecret(question: string): Promise<string> {
  return unseen(() => secretAfter(question))
}

/** Turns off echo while `work` asks its questions. */
async function unseen<Result>(work: () => Promise<Result>): Promise<Result> {
  const { stdin } = process
  stdin.setRawMode(true)
  try {
    return await work()
  } finally {
    stdin.setRawMode(false)
    stdin.pause()
  }
}

async function secretAfter(question: string): Promise<string> {
  process.stderr.write(question)
  try {
    return await readSecret(process.stdin)
  } finally {
    process.stderr.write('\r\n')
  }
}

function readSecret(stdin: NodeJS.ReadStream): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  let secret: string[] = []
  const take = (chunk: Buffer) => {
    for (const letter of chunk.toString()) {
      if (LINE_ENDS.includes(letter)) return done(() => resolve(secret.join('')))
      if (letter === CTRL_C || letter === CTRL_D) return done(() => reject(cancelled()))
      if (BACKSPACES.includes(letter)) secret.pop()
      else if (letter === '\u0015') secret = []
      else secret.push(letter)
    }
  }
  const gone = () => done(() => reject(cancelled()))
  const done = (finish: () => void) => {
    stdin.off('data', take)
    stdin.off('end', gone)
    finish()
  }
  stdin.on('data', take)
  stdin.on('end', gone)
  stdin.resume()
  return promise
}
