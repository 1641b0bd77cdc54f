import type { Approval } from '@synapse/client'
import { lineOf } from '../../core/kernel/text'
import { CliError, UsageError } from '../lib/cli-error'
import { EXIT } from '../lib/exit-codes'
import { isShown, printTable, shortId, tableOf } from '../lib/table'
import { note, print } from '../lib/terminal'
import { visible } from '../lib/visible'
import { type Client, clientCommand, printWire } from './index'
import { spanOf } from './sheet'

export const decide = clientCommand({
  args: {
    id: {
      type: 'positional',
      required: false,
      description: 'The id of the approval, or of its message; without it, shows what waits for a decision',
    },
    option: {
      type: 'positional',
      required: false,
      description: 'The option: its text, its id, or its number in the list',
    },
    note: { type: 'string', valueHint: 'text', description: 'Why; who asked reads it' },
  },
  notes: [
    'Only a person decides: with a personal token that has the scope human:act. The first decision counts. An id may be',
    'shortened to its last characters, as the list shows it.',
  ],
  examples: [
    'synapse decide',
    'synapse decide 0190b2f4-6c1d-7a54-9d3e-2f4a5b6c7d8e Deploy',
    'synapse decide 6c7d8e 2 --note "After the freeze"',
  ],
  async act(client, { id, option, note: why, json }) {
    if (id === undefined) return list(client, json === true)
    if (option === undefined) throw new UsageError('OPTION is missing')
    const approval = await found(client, id)
    const chosen = optionOf(approval, option)
    const body = { option: chosen, ...(why === undefined ? {} : { note: why }) }
    const decided = await client.synapse.request('POST /v1/approvals/{id}/decide', {
      path: { id: approval.id },
      body,
    })
    if (json === true) printWire(decided)
    else
      print(
        `decided: ${visible(decided.decision?.label ?? chosen)}, as @${approval.requested_by} asked in #${approval.channel}`,
      )
    return undefined
  },
})

async function waiting({ synapse }: Client): Promise<Approval[]> {
  const all: Approval[] = []
  for (let cursor: string | undefined; ; ) {
    const page = await synapse.request('GET /v1/approvals', {
      query: { mine: 'decidable', limit: 200, ...(cursor === undefined ? {} : { cursor }) },
    })
    all.push(...page.approvals)
    if (page.next_cursor === null) return all
    cursor = page.next_cursor
  }
}

async function list(client: Client, isJson: boolean): Promise<undefined> {
  const approvals = await waiting(client)
  if (isJson) for (const approval of approvals) printWire(approval)
  else if (approvals.length > 0) {
    const now = Date.now()
    printTable(
      tableOf(approvals, {
        ID: ({ id }) => (isShown() ? shortId(id) : id),
        LEFT: ({ expires_at }) => (isShown() ? spanOf(Date.parse(expires_at) - now) : expires_at),
        FROM: ({ requested_by }) => requested_by,
        WHERE: ({ channel }) => `#${channel}`,
        OPTIONS: ({ options }) => options.map(({ label }, i) => `${i + 1} ${visible(label)}`).join(', '),
        QUESTION: ({ question }) => (isShown() ? lineOf(question, 200) : question),
      }),
    )
  }
  if (!isJson && isShown())
    note(approvals.length === 0 ? 'nothing waits for a decision' : 'Decide: synapse decide ID OPTION')
  return undefined
}

/** Finds an approval by its id, the id of its message, or the end of one of them. @throws CliError */
async function found(client: Client, text: string): Promise<Approval> {
  const id = text.toLowerCase()
  if (id.length === UUID_LENGTH) {
    const all = await waiting(client)
    const byMessage = all.find(({ message_id }) => message_id === id)
    return byMessage ?? (await client.synapse.request('GET /v1/approvals/{id}', { path: { id }, query: {} }))
  }
  const fitting = (await waiting(client)).filter((one) => one.id.endsWith(id) || one.message_id.endsWith(id))
  const [approval, another] = fitting
  if (approval === undefined)
    throw new CliError(EXIT.notFound, `no approval that waits for you ends with ${visible(text)}`, [
      'synapse decide  # shows those that do',
    ])
  if (another !== undefined)
    throw new CliError(EXIT.usage, `${fitting.length} approvals end with ${visible(text)}`, [
      'give more of the id',
    ])
  return approval
}

const UUID_LENGTH = 36

/** Returns the id of the option that a text names. @throws CliError */
function optionOf({ options }: Approval, text: string): string {
  const wanted = text.toLowerCase()
  const option =
    options.find(({ id, label }) => id === text || label === text) ??
    options.find(({ id, label }) => id.toLowerCase() === wanted || label.toLowerCase() === wanted) ??
    (/^\d{1,2}$/.test(text) ? options[Number(text) - 1] : undefined)
  if (option !== undefined) return option.id
  const shown = options.map(({ label }, i) => `${i + 1} ${visible(label)}`)
  throw new CliError(EXIT.usage, `'${visible(text)}' is no option`, [`the options are: ${shown.join(', ')}`])
}
