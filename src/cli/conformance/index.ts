// `synapse conformance`: checks a server from outside against the rules of docs/contract, with accounts and a channel of its own.
// May import: @synapse/client for streams, the shared files of src/cli, and what those may.
// rows.ts lists the rules; each file of rows-*.ts has those of one part of the contract. lab.ts makes what they need.
// Start reading at row.ts, then rows-messages.ts.
import { loadConfig } from '../../config'
import { CliError, cancelled } from '../lib/cli-error'
import { command } from '../lib/command'
import { baseOf } from '../lib/connect'
import { EXIT } from '../lib/exit-codes'
import { isShown } from '../lib/table'
import { note, print, printJson, styleOf } from '../lib/terminal'
import { counted } from '../lib/text'
import { Lab } from './lab'
import { Difference, NotOffered, type Row } from './row'
import { ROWS } from './rows'

/** What came of one rule. */
interface Verdict extends Pick<Row, 'part' | 'page' | 'rule'> {
  readonly result: 'holds' | 'differs' | 'skipped'
  /** How the server differs, or why the rule was not checked. */
  readonly detail?: string
}

export const conformance = command({
  args: {
    url: { type: 'string', required: true, valueHint: 'url', description: 'Address of the server' },
    part: {
      type: 'enum',
      options: ['1', '2'],
      description: '1: only what clients of the earlier server rely on; 2: only the rest',
    },
    json: { type: 'boolean', description: 'Print the result as JSON' },
  },
  notes: [
    'Needs SYNAPSE_ADMIN_TOKEN, or SYNAPSE_ADMIN_TOKEN_FILE: a token with the scope admin:*. Makes four agents, a person and three',
    'channels, whose names begin with conformance-, and archives them at the end. Exit status 1 if the server differs.',
  ],
  examples: [
    'synapse conformance --url https://chat.example.org',
    'synapse conformance --url https://chat.example.org --part 1 --json',
  ],
  async run({ args }) {
    const url = baseOf(args.url)
    const rows = ROWS.filter(({ part }) => args.part === undefined || String(part) === args.part)
    const lab = await Lab.open(url, adminToken())
    const verdicts: Verdict[] = []
    let isStopped = false
    // A second signal ends the process at once.
    const stop = () => {
      isStopped = true
    }
    process.once('SIGINT', stop)
    process.once('SIGTERM', stop)
    try {
      for (const row of rows) {
        if (isStopped) throw cancelled()
        const verdict = await judge(row, lab)
        verdicts.push(verdict)
        if (args.json !== true && !show(verdict)) break
      }
    } finally {
      for (const name of await lab.close()) note(`! ${name} could not be archived`)
    }
    const count = (result: Verdict['result']) => verdicts.filter((one) => one.result === result).length
    const [holds, differs, skipped] = [count('holds'), count('differs'), count('skipped')]
    if (args.json === true) printJson({ url, holds, differs, skipped, rules: verdicts })
    else print(`${counted(holds, 'rule')} hold, ${differs} differ, ${skipped} skipped`)
    return differs > 0 ? EXIT.failure : undefined
  },
})

/** @throws CliError without a token */
function adminToken(): string {
  const { adminToken, adminTokenProblem } = loadConfig({ command: 'other' })
  if (adminTokenProblem !== undefined)
    throw new CliError(EXIT.credential, `${adminTokenProblem.name} ${adminTokenProblem.problem}`)
  if (adminToken !== undefined) return adminToken
  throw new CliError(EXIT.credential, 'no admin token configured', [
    'set SYNAPSE_ADMIN_TOKEN, or SYNAPSE_ADMIN_TOKEN_FILE, to a token with the scope admin:*',
  ])
}

/** Checks one rule. A fault of the network is a difference, too. */
async function judge({ part, page, rule, feature, check }: Row, lab: Lab): Promise<Verdict> {
  const of = { part, page, rule }
  if (feature !== undefined && !lab.features.has(feature))
    return { ...of, result: 'skipped', detail: `the server has no feature ${feature}` }
  try {
    await check(lab)
    return { ...of, result: 'holds' }
  } catch (error) {
    if (error instanceof NotOffered) return { ...of, result: 'skipped', detail: error.message }
    if (error instanceof Difference) return { ...of, result: 'differs', detail: error.message }
    return { ...of, result: 'differs', detail: error instanceof Error ? error.message : String(error) }
  }
}

/** Prints a verdict. Returns false if the reader has closed the pipe. */
function show({ part, page, rule, result, detail }: Verdict): boolean {
  const style = styleOf(process.stdout)
  const paint = { holds: style.green, differs: style.red, skipped: style.dim }[result]
  const where = `${part} ${page}`
  const line = isShown()
    ? `${paint(result.padEnd(7))} ${style.dim(where.padEnd(16))} ${rule}`
    : [result, String(part), page, rule].join('\t')
  return print(detail === undefined ? line : isShown() ? `${line}\n        ${detail}` : `${line}\t${detail}`)
}
