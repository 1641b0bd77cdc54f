import { Settings2 } from 'lucide'
import { useConsole } from '../../app/console'
import { href } from '../../app/routes'
import { synapse } from '../../app/session'
import { SignOut } from '../../app/sign-out'
import { Avatar, Field, Icon, toast } from '../../ui'
import { wordOf } from '../parts/fields'
import { Form } from './form'
import { Reading } from './reading'

/** Who the person is to others, their password, and the way out. */
export function ProfileSection() {
  const { store } = useConsole()
  const me = store.me.value
  if (me === undefined) return null
  const { handle } = me
  const save = async (fields: FormData) => {
    const body = { display_name: wordOf(fields, 'display_name') ?? '', about: wordOf(fields, 'about') ?? '' }
    const profile = await synapse.request('PATCH /v1/me', { body })
    const { display_name } = profile
    if (store.me.value) store.me.value = { ...store.me.value, display_name }
    toast('Saved.')
  }
  return (
    <>
      <header class="who">
        <Avatar handle={handle} name={me.display_name} kind="human" size={40} />
        <div>
          <b>{me.display_name}</b>
          <div class="quiet">@{handle}</div>
        </div>
      </header>
      <p class="acts">
        <SignOut />
        {me.is_admin && (
          <a class="button outline" href={href('admin')}>
            <Icon of={Settings2} />
            Administration
          </a>
        )}
      </p>
      <section>
        <h2>Profile</h2>
        <Reading read={() => synapse.request('GET /v1/accounts/{handle}', { path: { handle } })}>
          {(profile) => (
            <Form act="Save" onSend={save}>
              <Field
                label="Name"
                name="display_name"
                required
                maxLength={128}
                autoComplete="name"
                defaultValue={profile.display_name}
              />
              <Field
                label="About you"
                name="about"
                maxLength={500}
                defaultValue={profile.about}
                hint="What others may ask you about."
              />
            </Form>
          )}
        </Reading>
      </section>
      <section>
        <h2>Password</h2>
        <Password handle={handle} />
      </section>
    </>
  )
}

function Password({ handle }: { readonly handle: string }) {
  const change = async (fields: FormData) => {
    // A password may begin or end with a blank.
    const body = { current: String(fields.get('current')), new: String(fields.get('new')) }
    await synapse.request('POST /v1/me/password', { body })
    toast('The password is changed. Your other sessions have ended.')
  }
  return (
    <Form act="Change the password" onSend={change} isCleared>
      {/* Password managers want to know whose it is. */}
      <input type="text" name="username" autoComplete="username" value={handle} readOnly hidden />
      <Field
        label="Current password"
        name="current"
        type="password"
        required
        autoComplete="current-password"
      />
      <Field label="New password" name="new" type="password" required autoComplete="new-password" />
      <p class="hint">Other browsers are signed out. Tokens and paired programs go on.</p>
    </Form>
  )
}
