import { Trash2 } from 'lucide'
import { useEffect, useState } from 'preact/hooks'
import { useConsole } from '../../app/console'
import { background } from '../../background'
import { Button, Field, IconButton, wordsOf } from '../../ui'
import { type Aliases as Groups, putAliases } from './load'

interface AliasesProps {
  readonly slug: string
  readonly mayEdit: boolean
}

/** The named groups of a channel: `@reviewers` mentions all of them. */
export function Aliases({ slug, mayEdit }: AliasesProps) {
  const { loads } = useConsole()
  const [groups, setGroups] = useState<Groups>({})
  const [name, setName] = useState('')
  const [handles, setHandles] = useState('')
  const [problem, setProblem] = useState<string>()
  useEffect(() => background(loads.aliases(slug).then(setGroups)), [slug])
  const put = async (changed: Groups) => {
    try {
      setGroups(await putAliases(slug, changed))
      setProblem(undefined)
      return true
    } catch (error) {
      setProblem(wordsOf(error).detail)
      return false
    }
  }
  const add = async () => {
    const members = handles.split(/[\s,]+/).flatMap((word) => word.replace(/^@/, '') || [])
    if (name.trim() === '' || members.length === 0)
      return setProblem('A group has a name and at least one handle.')
    if (await put({ ...groups, [name.trim().replace(/^@/, '')]: members })) {
      setName('')
      setHandles('')
    }
  }
  const entries = Object.entries(groups)
  if (entries.length === 0 && !mayEdit) return null
  return (
    <section aria-labelledby="details-aliases">
      <h3 id="details-aliases">Groups</h3>
      {entries.length === 0 && (
        <p class="hint">A group has one name for several members: @reviewers mentions all of them.</p>
      )}
      <ul class="alias-list">
        {entries.map(([alias, members]) => (
          <li key={alias}>
            <div>
              <b>@{alias}</b> <span class="hint">{members.map((handle) => `@${handle}`).join(', ')}</span>
            </div>
            {mayEdit && (
              <IconButton
                small
                icon={Trash2}
                label={`Remove @${alias}`}
                onPress={() => put(Object.fromEntries(entries.filter(([other]) => other !== alias)))}
              />
            )}
          </li>
        ))}
      </ul>
      {mayEdit && (
        <form
          class="details-form"
          onSubmit={(event) => {
            event.preventDefault()
            background(add())
          }}
        >
          <Field
            label="Name"
            value={name}
            autoComplete="off"
            onInput={({ currentTarget }) => setName(currentTarget.value)}
          />
          <Field
            label="Members"
            hint="Handles, with spaces between them"
            value={handles}
            autoComplete="off"
            problem={problem}
            onInput={({ currentTarget }) => setHandles(currentTarget.value)}
          />
          <Button type="submit" small>
            Add group
          </Button>
        </form>
      )}
    </section>
  )
}
