import { useState } from 'preact/hooks'
import { navigate, route } from '../../app/navigation'
import { href } from '../../app/routes'
import { synapse } from '../../app/session'
import { shellWord } from '../../app/shell-words'
import { Button, CopyButton, Dialog, ErrorState, Field, Loading } from '../../ui'
import { fieldDayOf } from '../../ui/clock'
import { countOf, When } from '../parts/facts'
import { instantOf, wordOf } from '../parts/fields'
import { usePages } from '../parts/pages'
import { Problem } from '../parts/problem'
import { Table } from '../parts/table'
import { AdminMain } from './frame'
import type { AuditEntry } from './load'

const filters = ['actor', 'action', 'target', 'since'] as const
type Filter = Partial<Record<(typeof filters)[number], string>>

/** What begins the names of actions, for the field. */
const actions = [
  ...[
    'account.',
    'password.',
    'login.',
    'session.',
    'token.',
    'channel.',
    'member.',
    'configsync.',
    'claim.',
  ],
  ...[
    'pause.',
    'chain.',
    'approval.',
    'push.',
    'webhook.',
    'pair.',
    'setting.',
    'impersonate',
    'backup',
    'import',
  ],
]

/** Who did what, the newest first. */
export function AuditPage() {
  const { query } = route.value
  const filter: Filter = Object.fromEntries(
    filters.flatMap((name) => {
      const value = query.get(name)
      return value ? [[name, value]] : []
    }),
  )
  const key = JSON.stringify(filter)
  const entries = usePages(
    async (cursor) => {
      const answer = await synapse.request('GET /v1/admin/audit', {
        query: { ...filter, limit: 50, ...(cursor === undefined ? {} : { cursor }) },
      })
      return { rows: answer.entries, next: answer.next_cursor }
    },
    [key],
  )
  const search = (fields: FormData) =>
    navigate(
      href(
        'adminSection',
        { section: 'audit' },
        {
          actor: wordOf(fields, 'actor')?.replace(/^@/, ''),
          action: wordOf(fields, 'action'),
          target: wordOf(fields, 'target'),
          since: instantOf(fields, 'since'),
        },
      ),
    )
  const flags = Object.entries(filter).map(([name, value]) => ` --${name} ${shellWord(value)}`)
  return (
    <AdminMain
      title="Audit"
      section="audit"
      commands={[
        `synapse audit${flags.join('')}`,
        'synapse audit verify',
        'synapse audit verify --known HASH',
      ]}
      header={<Verify />}
    >
      <form
        class="filters"
        key={key}
        onSubmit={(event) => {
          event.preventDefault()
          search(new FormData(event.currentTarget))
        }}
      >
        <Field label="By" name="actor" placeholder="Anybody" autoComplete="off" defaultValue={filter.actor} />
        <Field
          label="Action"
          name="action"
          placeholder="Every"
          autoComplete="off"
          list="audit-actions"
          defaultValue={filter.action}
        />
        <datalist id="audit-actions">
          {actions.map((action) => (
            <option key={action} value={action} />
          ))}
        </datalist>
        <Field
          label="About"
          name="target"
          placeholder="Id or setting"
          autoComplete="off"
          defaultValue={filter.target}
        />
        <Field
          label="Since"
          name="since"
          type="date"
          defaultValue={filter.since && fieldDayOf(new Date(filter.since))}
        />
        <Button type="submit">Show</Button>
        {key !== '{}' && <a href={href('adminSection', { section: 'audit' })}>Show all</a>}
      </form>
      {entries.error !== undefined && <ErrorState error={entries.error} onRetry={entries.reload} />}
      {entries.rows === undefined && entries.error === undefined && <Loading rows={10} />}
      {entries.rows && (
        <Table
          label="Audit entries"
          rows={entries.rows}
          keyOf={(one) => one.id}
          empty="No entry is like that."
          columns={[
            { title: 'Action', cell: (one) => <code>{one.action}</code>, class: 'whole' },
            { title: 'By', cell: (one) => (one.actor ? `@${one.actor}` : one.via) },
            { title: 'When', cell: (one) => <When at={one.at} /> },
            { title: 'Details', cell: (one) => <Details of={one} />, class: 'wide' },
            { title: 'From', cell: (one) => one.ip && <code>{one.ip}</code>, class: 'whole' },
          ]}
          hasMore={entries.hasMore}
          onMore={entries.more}
        />
      )}
    </AdminMain>
  )
}

function Details({ of }: { readonly of: AuditEntry }) {
  const facts = Object.entries(of.metadata)
  const words = facts.map(
    ([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
  return (
    <details>
      <summary>{words.join(', ') || of.target_type || 'none'}</summary>
      <dl class="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{typeof value === 'string' ? value : JSON.stringify(value)}</dd>
          </div>
        ))}
        {of.target_id && (
          <div>
            <dt>{of.target_type}</dt>
            <dd>
              <a href={href('adminSection', { section: 'audit' }, { target: of.target_id })}>
                {of.target_id}
              </a>
            </dd>
          </div>
        )}
        {of.token_id && (
          <div>
            <dt>token</dt>
            <dd>{of.token_id}</dd>
          </div>
        )}
        <div>
          <dt>via</dt>
          <dd>{of.via}</dd>
        </div>
        <div>
          <dt>hash</dt>
          <dd>
            <code>{of.hash}</code>
          </dd>
        </div>
      </dl>
    </details>
  )
}

interface Verdict {
  readonly entries: number
  readonly hash: string
  readonly broken: { readonly entry: number; readonly problem: string } | null
  readonly known: boolean | null
}

/** Reads the whole chain, and says whether an entry was changed or removed. */
function Verify() {
  const [isOpen, setOpen] = useState(false)
  const [known, setKnown] = useState('')
  const [verdict, setVerdict] = useState<Verdict>()
  const [error, setError] = useState<unknown>()
  const verify = async () => {
    setError(undefined)
    setVerdict(undefined)
    try {
      const query = known.trim() === '' ? {} : { known: known.trim() }
      setVerdict(await synapse.request('GET /v1/admin/audit/verify', { query }))
    } catch (failure) {
      setError(failure)
    }
  }
  return (
    <>
      <Button onPress={() => setOpen(true)}>Verify</Button>
      {isOpen && (
        <Dialog
          title="Verify the audit log"
          onClose={() => setOpen(false)}
          acts={
            <Button look="primary" onPress={verify}>
              Verify now
            </Button>
          }
        >
          <p>
            Each entry holds a hash of the one before it. The server reads all of them, and finds an entry
            that was changed or removed.
          </p>
          <Field
            label="A hash that you kept"
            value={known}
            autoComplete="off"
            onInput={(event) => setKnown(event.currentTarget.value)}
            hint="Empty at the first time. With it you see that no newer entries were cut off."
          />
          <div role="status">{verdict && <VerdictWords of={verdict} />}</div>
          <Problem error={error} />
        </Dialog>
      )}
    </>
  )
}

function VerdictWords({ of }: { readonly of: Verdict }) {
  const isGood = of.broken === null && of.known !== false
  return (
    <div class={isGood ? 'verdict good' : 'verdict bad'}>
      <p>
        <b>
          {of.broken
            ? `Entry ${of.broken.entry} is ${of.broken.problem === 'missing' ? 'missing' : 'not what was written'}.`
            : of.known === false
              ? 'The log does not contain the hash that you kept.'
              : `All ${countOf(of.entries, 'entry', 'entries')} are as they were written.`}
        </b>
      </p>
      <p>
        Keep the newest hash elsewhere: <code>{of.hash}</code>{' '}
        <CopyButton text={of.hash} label="Copy the hash" />
      </p>
    </div>
  )
}
