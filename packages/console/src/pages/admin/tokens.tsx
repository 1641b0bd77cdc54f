import { useState } from 'preact/hooks'
import { navigate, route } from '../../app/navigation'
import { href } from '../../app/routes'
import { synapse } from '../../app/session'
import { Button, Empty, Field } from '../../ui'
import { Show, useLoaded } from '../parts/loaded'
import { AccountLink } from './accounts'
import { AdminMain } from './frame'
import { accounts } from './load'
import { TokenList } from './token-list'

/** The tokens of one account, which the page lets one choose. */
export function Tokens() {
  const handle = route.value.query.get('account') ?? ''
  const [typed, setTyped] = useState(handle)
  const known = useLoaded(accounts)
  const tokens = useLoaded(
    async () =>
      handle === '' ? [] : await synapse.request('GET /v1/admin/tokens', { query: { account: handle } }),
    [handle],
  )
  const choose = (text: string) =>
    navigate(
      href('adminSection', { section: 'tokens' }, { account: text.trim().replace(/^@/, '') || undefined }),
    )
  return (
    <AdminMain
      title="Tokens"
      section="tokens"
      commands={[
        `synapse list-tokens --account ${handle || 'HANDLE'}`,
        `synapse issue-token --account ${handle || 'HANDLE'} --scopes channel:SLUG:read,channel:SLUG:post`,
        'synapse revoke-token --id ID',
      ]}
    >
      <form
        class="filters"
        onSubmit={(event) => {
          event.preventDefault()
          choose(typed)
        }}
      >
        <Field
          label="Account"
          autoComplete="off"
          list="token-accounts"
          value={typed}
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
        <datalist id="token-accounts">
          {known.value?.map((one) => (
            <option key={one.id} value={one.handle}>
              {one.display_name}
            </option>
          ))}
        </datalist>
        <Button type="submit">Show</Button>
      </form>
      <Show of={known}>
        {(all) => {
          const account = all.find((one) => one.handle === handle)
          if (account)
            return (
              <section class="part" aria-label={`Tokens of @${handle}`}>
                <AccountLink of={account} />
                <Show of={tokens}>
                  {(list) => <TokenList account={account} tokens={list} onChanged={tokens.reload} />}
                </Show>
              </section>
            )
          if (handle !== '') return <Empty>No account has the handle @{handle}.</Empty>
          const agents = all.filter((one) => one.kind === 'agent' && one.archived_at === null)
          return (
            <>
              <p class="quiet">Tokens belong to an account. Whose do you want to see?</p>
              <ul class="choose">
                {agents.map((one) => (
                  <li key={one.id}>
                    <a href={href('adminSection', { section: 'tokens' }, { account: one.handle })}>
                      @{one.handle}
                    </a>
                  </li>
                ))}
              </ul>
            </>
          )
        }}
      </Show>
    </AdminMain>
  )
}
