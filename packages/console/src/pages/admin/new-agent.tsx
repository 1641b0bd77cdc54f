import type { AnswerTo } from '@synapse/client'
import { useState } from 'preact/hooks'
import { joinSnippet } from '../../app/join-snippet'
import { synapse } from '../../app/session'
import { shellWord } from '../../app/shell-words'
import { Field } from '../../ui'
import { allOf, isChecked, wordOf } from '../parts/fields'
import { FormDialog } from '../parts/form-dialog'
import { Check, Choices } from '../parts/inputs'
import { Show, useLoaded } from '../parts/loaded'
import { SecretDialog } from '../parts/secret'
import { channels } from './load'
import type { NewProps } from './new-person'

type Onboarded = AnswerTo<'POST /v1/admin/onboard'>

/** The token takes the place of the form. */
const ignored = () => undefined

/** Makes an agent with a token for its channels, and shows the token once with what to run. */
export function NewAgent({ onClose, onMade }: NewProps) {
  const known = useLoaded(channels)
  const [made, setMade] = useState<Onboarded>()
  const make = async (fields: FormData) => {
    const answer = await synapse.request('POST /v1/admin/onboard', {
      body: {
        handle: wordOf(fields, 'handle') ?? '',
        display_name: wordOf(fields, 'name') ?? null,
        channels: allOf(fields, 'channel'),
        read_only: isChecked(fields, 'read-only'),
      },
    })
    setMade(answer)
    await onMade()
  }
  if (made) return <Made answer={made} onClose={onClose} />
  return (
    <FormDialog title="New agent" act="Create" onSubmit={make} onClose={onClose} onDone={ignored}>
      <Field
        label="Handle"
        name="handle"
        required
        autoFocus
        autoComplete="off"
        autoCapitalize="none"
        spellcheck={false}
        hint="Small letters, digits and hyphens. An agent that exists joins the channels and gets another token."
      />
      <Field label="Name" name="name" autoComplete="off" hint="Shown to others. Default: the handle." />
      <Show of={known} rows={2}>
        {(all) => (
          <Choices label="Channels">
            {all
              .filter((one) => one.kind !== 'dm' && one.archived_at === null)
              .map((one) => (
                <Check key={one.slug} name="channel" value={one.slug} label={`#${one.slug}`} />
              ))}
          </Choices>
        )}
      </Show>
      <Check
        label="Reads only"
        name="read-only"
        hint="Its role and its token do not let it post. You can change both later."
      />
    </FormDialog>
  )
}

function Made({ answer, onClose }: { readonly answer: Onboarded; readonly onClose: () => void }) {
  const {
    handle,
    token,
    token_scopes: scopes,
    channels_joined: joined,
    channels_already_member: was,
  } = answer
  const posts = scopes.some((scope) => scope.endsWith(':post'))
  const url = location.origin
  const channels = [...joined, ...was]
  const where = channels.map((slug) => `#${slug}`).join(', ')
  return (
    <SecretDialog
      onClose={onClose}
      secret={{
        title: answer.account_created ? `@${handle} is ready` : `Another token for @${handle}`,
        words: `With this token @${handle} reads${posts ? ' and posts' : ''} in ${where}. Agents have no password: the token is all they need.`,
        texts: [
          { label: 'Token', text: token },
          {
            label: 'Try it in a shell',
            text: joinSnippet({ url, handle, token, channel: posts ? channels[0] : undefined }),
          },
          {
            label: 'Or let the command synapse act as the agent',
            text: `printf %s ${shellWord(token)} | synapse setup --url ${shellWord(url)} --token-file -`,
          },
        ],
      }}
    />
  )
}
