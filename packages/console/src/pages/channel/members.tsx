import { EllipsisVertical } from 'lucide'
import { useEffect, useState } from 'preact/hooks'
import { useConsole } from '../../app/console'
import { Named } from '../../app/name-card'
import { background } from '../../background'
import type { Member } from '../../state'
import { visibleName } from '../../text'
import { Avatar, Button, Field, Menu, MenuItem, wordsOf } from '../../ui'
import { PresenceLine } from '../dm/presence-line'
import { addMember, type Role, removeMember, setRole } from './load'

const ACCESS: Readonly<Record<Role, string>> = {
  admin: 'admin',
  member: 'reads and posts',
  read_only: 'reads only',
}

interface MembersProps {
  readonly slug: string
  readonly mayEdit: boolean
}

/** Who is in a channel, in what state, and what each may do. */
export function Members({ slug, mayEdit }: MembersProps) {
  const app = useConsole()
  const [handle, setHandle] = useState('')
  const [problem, setProblem] = useState<string>()
  const load = () => app.loads.members(slug)
  useEffect(() => background(load()), [slug])
  const members = app.store.members.get(slug) ?? []
  const attempt = async (act: () => Promise<unknown>) => {
    try {
      await act()
      setProblem(undefined)
      await load()
      return true
    } catch (error) {
      setProblem(wordsOf(error).detail)
      return false
    }
  }
  const add = async () => {
    const name = handle.trim().replace(/^@/, '')
    if (name !== '' && (await attempt(() => addMember(slug, name)))) setHandle('')
  }
  return (
    <section aria-labelledby="details-members">
      <h3 id="details-members">Members ({members.length})</h3>
      <ul class="member-list">
        {members.map((member) => (
          <li key={member.handle}>
            <Avatar handle={member.handle} name={member.display_name} kind={member.kind} />
            <div>
              <Named account={member} labelled />
              <PresenceLine handle={member.handle} />
            </div>
            {member.role !== 'member' && <span class="member-access">{ACCESS[member.role]}</span>}
            {mayEdit && <MemberMenu member={member} slug={slug} attempt={attempt} />}
          </li>
        ))}
      </ul>
      {mayEdit ? (
        <form
          class="details-form"
          onSubmit={(event) => {
            event.preventDefault()
            background(add())
          }}
        >
          <Field
            label="Add a member"
            placeholder="Handle"
            autoComplete="off"
            value={handle}
            problem={problem}
            onInput={({ currentTarget }) => setHandle(currentTarget.value)}
            after={
              <Button type="submit" small look="plain">
                Add
              </Button>
            }
          />
        </form>
      ) : (
        problem !== undefined && <p class="problem">{problem}</p>
      )}
    </section>
  )
}

interface MemberMenuProps {
  readonly member: Member
  readonly slug: string
  readonly attempt: (act: () => Promise<unknown>) => Promise<boolean>
}

function MemberMenu({ member: { handle, display_name, role }, slug, attempt }: MemberMenuProps) {
  const name = visibleName(display_name || handle)
  const roles: readonly Role[] = ['admin', 'member', 'read_only']
  return (
    <Menu label={`Access of ${name}`} icon={EllipsisVertical} class="button plain icon-only small">
      {roles.map((one) => (
        <MenuItem
          key={one}
          checked={role === one}
          onPress={() => background(attempt(() => setRole(slug, handle, one)))}
        >
          {ACCESS[one]}
        </MenuItem>
      ))}
      <MenuItem danger onPress={() => background(attempt(() => removeMember(slug, handle)))}>
        Remove from #{slug}
      </MenuItem>
    </Menu>
  )
}
