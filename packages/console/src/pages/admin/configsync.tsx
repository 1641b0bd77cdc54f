import type { AnswerTo } from '@synapse/client'
import { useState } from 'preact/hooks'
import { href } from '../../app/routes'
import { synapse } from '../../app/session'
import { Button, Chip, Dialog, Empty, Field, toast } from '../../ui'
import { countOf, Facts, sizeOf } from '../parts/facts'
import { wordOf } from '../parts/fields'
import { FormDialog } from '../parts/form-dialog'
import { Show, useLoaded } from '../parts/loaded'
import { Problem } from '../parts/problem'
import { Table } from '../parts/table'
import { AdminMain } from './frame'
import { accounts } from './load'

/** Who uses the encrypted snapshot store, with what they keep there, and what keeps it in order. */
export function ConfigSync() {
  const loaded = useLoaded(() => synapse.request('GET /v1/admin/configsync/users'))
  const [enables, setEnables] = useState(false)
  return (
    <AdminMain
      title="ConfigSync"
      section="configsync"
      commands={[
        'synapse configsync usage',
        'synapse configsync enable HANDLE',
        'synapse configsync prune --dry-run',
        'synapse configsync gc --dry-run',
        'synapse configsync verify',
      ]}
      header={
        <Button look="primary" onPress={() => setEnables(true)}>
          Let an account use it
        </Button>
      }
    >
      <p class="quiet">
        Accounts keep encrypted copies of their configuration here, for several machines. The server cannot
        read them.
      </p>
      <Show of={loaded}>
        {(users) => (
          <Table
            label="Accounts with ConfigSync"
            rows={users}
            keyOf={(one) => one.user_id}
            empty="No account uses ConfigSync."
            columns={[
              {
                title: 'Account',
                cell: (one) => (
                  <a href={href('adminItem', { section: 'configsync', item: one.handle })}>@{one.handle}</a>
                ),
              },
              {
                title: 'State',
                cell: (one) => (one.enabled ? <Chip tone="agent">on</Chip> : <Chip tone="bad">off</Chip>),
              },
              {
                title: 'Stores',
                cell: (one) => (
                  <Used
                    used={one.storage_bytes}
                    limit={one.storage_limit}
                    words={`${sizeOf(one.storage_bytes)} of ${sizeOf(one.storage_limit)}`}
                  />
                ),
              },
              {
                title: 'Machines',
                cell: (one) => (
                  <Used
                    used={one.machines}
                    limit={one.machine_limit}
                    words={`${one.machines} of ${one.machine_limit}`}
                  />
                ),
              },
            ]}
          />
        )}
      </Show>
      <Upkeep />
      {enables && <Enable onClose={() => setEnables(false)} onEnabled={loaded.reload} />}
    </AdminMain>
  )
}

/** A share as a bar, with its words. */
export function Used({
  used,
  limit,
  words,
}: {
  readonly used: number
  readonly limit: number
  readonly words: string
}) {
  const share = limit === 0 ? 1 : Math.min(1, used / limit)
  return (
    <span class={share > 0.9 ? 'used full' : 'used'}>
      <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
        <rect class="all" width="100" height="6" rx="3" />
        <rect class="part" width={share * 100} height="6" rx="3" />
      </svg>
      {words}
    </span>
  )
}

interface EnableProps {
  readonly onClose: () => void
  readonly onEnabled: () => unknown
}

function Enable({ onClose, onEnabled }: EnableProps) {
  const known = useLoaded(accounts)
  const enable = async (fields: FormData) => {
    const handle = (wordOf(fields, 'handle') ?? '').replace(/^@/, '')
    await synapse.request('POST /v1/admin/configsync/users/{handle}/enable', { path: { handle } })
    await onEnabled()
  }
  return (
    <FormDialog title="Let an account use ConfigSync" act="Enable" onSubmit={enable} onClose={onClose}>
      <Field label="Account" name="handle" required autoFocus autoComplete="off" list="sync-accounts" />
      <datalist id="sync-accounts">
        {known.value
          ?.filter((one) => one.archived_at === null)
          .map((one) => (
            <option key={one.id} value={one.handle}>
              {one.display_name}
            </option>
          ))}
      </datalist>
    </FormDialog>
  )
}

type Pruned = AnswerTo<'POST /v1/admin/configsync/prune'>
type Collected = AnswerTo<'POST /v1/admin/configsync/gc'>
type Verified = AnswerTo<'GET /v1/admin/configsync/verify'>

type Result =
  | { readonly act: 'prune'; readonly found: Pruned }
  | { readonly act: 'gc'; readonly found: Collected }
  | { readonly act: 'verify'; readonly found: Verified }

/** Acts on the whole store. What deletes counts first. */
function Upkeep() {
  const [result, setResult] = useState<Result>()
  const [error, setError] = useState<unknown>()
  const trying = async (work: () => Promise<Result | undefined>) => {
    setError(undefined)
    try {
      setResult(await work())
    } catch (failure) {
      setError(failure)
    }
  }
  const prune = (dry_run: boolean) =>
    synapse.request('POST /v1/admin/configsync/prune', { body: { dry_run } })
  const gc = (dry_run: boolean) => synapse.request('POST /v1/admin/configsync/gc', { body: { dry_run } })
  const doIt = () =>
    trying(async () => {
      if (result?.act === 'prune') toast(prunedWords(await prune(false), 'deleted'))
      if (result?.act === 'gc') toast(collectedWords(await gc(false), 'removed'))
      return undefined
    })
  return (
    <section class="part" aria-label="Upkeep">
      <header>
        <h2>Upkeep</h2>
      </header>
      <div class="acts">
        <Button onPress={() => trying(async () => ({ act: 'prune', found: await prune(true) }))}>
          Delete what is too old…
        </Button>
        <Button onPress={() => trying(async () => ({ act: 'gc', found: await gc(true) }))}>
          Remove unused bytes…
        </Button>
        <Button
          onPress={() =>
            trying(async () => ({
              act: 'verify',
              found: await synapse.request('GET /v1/admin/configsync/verify'),
            }))
          }
        >
          Verify all bytes
        </Button>
      </div>
      {result === undefined && <Problem error={error} />}
      {result && (
        <Dialog
          title={
            { prune: 'Delete what is too old?', gc: 'Remove unused bytes?', verify: 'Verified' }[result.act]
          }
          onClose={() => setResult(undefined)}
          acts={
            <>
              <Button onPress={() => setResult(undefined)}>Close</Button>
              {result.act !== 'verify' && (
                <Button look="danger" onPress={doIt}>
                  {result.act === 'prune' ? 'Delete' : 'Remove'}
                </Button>
              )}
            </>
          }
        >
          {result.act === 'prune' && (
            <p>{prunedWords(result.found, 'would be deleted, as the settings say')}</p>
          )}
          {result.act === 'gc' && <p>{collectedWords(result.found, 'would be removed')}</p>}
          {result.act === 'verify' && <Verdict of={result.found} />}
          <Problem error={error} />
        </Dialog>
      )}
    </section>
  )
}

function prunedWords({ snapshots, versions, entities }: Pruned, verb: string): string {
  const parts = [
    countOf(snapshots, 'state'),
    countOf(versions, 'version'),
    countOf(entities, 'entity', 'entities'),
  ]
  return `${parts.join(', ')} ${verb}.`
}

function collectedWords({ count, bytes }: Collected, verb: string): string {
  return `${countOf(count, 'blob')} with ${sizeOf(bytes)} ${verb}.`
}

function Verdict({ of }: { readonly of: Verified }) {
  const isGood = of.missing.length === 0 && of.corrupt.length === 0
  return (
    <>
      {isGood ? (
        <p>Every blob is there and whole.</p>
      ) : (
        <Empty>Some are not as they were stored. Restore them from a backup.</Empty>
      )}
      <Facts
        of={[
          ['Read', `${countOf(of.checked, 'blob')}, ${sizeOf(of.bytes)}`],
          ['Missing', of.missing.join(', ')],
          ['Changed', of.corrupt.join(', ')],
          ['Unused', of.orphans && `${countOf(of.orphans.count, 'blob')}, ${sizeOf(of.orphans.bytes)}`],
        ]}
      />
    </>
  )
}
