import { createInterface } from 'node:readline/promises'
import { cancelled } from './cli-error'
import { note } from './terminal'

const CTRL_C = '\u0003'
const CTRL_D = '\u0004'
const BACKSPACES = ['\u007f', '\b']
const LINE_ENDS = ['\r', '\n']

/** Asks on the terminal; an empty answer means `fallback`. @throws CliError when the person leaves */
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
    // The cursor still stands behind the question.
    note('')
    throw error
  } finally {
    // Closing rejects `left`, which nobody waits for any more.
    left.catch(() => undefined)
    lines.close()
  }
}

/** Asks for a password twice, without showing it; an empty answer means none. @throws CliError when the person leaves */
export function askNewPassword(who: string): Promise<string | undefined> {
  return unseen(async () => {
    for (;;) {
      const password = await secretAfter(`Password for ${who} (empty: one is made up): `)
      if (password === '') return undefined
      if ((await secretAfter('Once more: ')) === password) return password
      process.stderr.write('These two differ. Again, please.\r\n')
    }
  })
}

/** Asks for something that is not shown. @throws CliError when the person leaves */
export function askSecret(question: string): Promise<string> {
  return unseen(() => secretAfter(question))
}

/** What is typed meanwhile is not shown, from before the first question to after the last answer. */
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
