import { href } from '../../app/routes'
import { synapse } from '../../app/session'
import { ErrorState, Loading } from '../../ui'
import { When } from '../parts/facts'
import { type Pages, usePages } from '../parts/pages'
import { Table } from '../parts/table'
import type { Change } from './load'
import { shownValue } from './setting-value'

/** Reads what was changed, of one setting or of all, the newest first. */
export function useChanges(key?: string): Pages<Change> {
  return usePages(
    async (cursor) => {
      const query = {
        limit: 20,
        ...(key === undefined ? {} : { key }),
        ...(cursor === undefined ? {} : { cursor }),
      }
      const { changes, next_cursor: next } = await synapse.request('GET /v1/config-history', { query })
      return { rows: changes, next }
    },
    [key],
  )
}

export function ChangeTable({ of }: { readonly of: Pages<Change> }) {
  if (of.error !== undefined) return <ErrorState error={of.error} onRetry={of.reload} />
  if (of.rows === undefined) return <Loading rows={2} />
  return (
    <Table
      label="Changes of settings"
      rows={of.rows}
      keyOf={(one) => one.seq}
      empty="No setting was changed."
      columns={[
        {
          title: 'Setting',
          cell: (one) => (
            <a href={href('adminItem', { section: 'settings', item: one.key })}>
              <code>{one.key}</code>
            </a>
          ),
        },
        { title: 'To', cell: (one) => (one.unset ? 'unset' : <code>{shownValue(one.value)}</code>) },
        { title: 'When', cell: (one) => <When at={one.at} /> },
        { title: 'By', cell: (one) => (one.by ? `@${one.by}` : 'the operator') },
      ]}
      hasMore={of.hasMore}
      onMore={of.more}
    />
  )
}
