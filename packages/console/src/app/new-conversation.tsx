import { Hash, Plus } from 'lucide'
import { useEffect, useState } from 'preact/hooks'
import { background } from '../background'
import type { Channel } from '../state'
import { Avatar } from '../ui/avatar'
import { Button } from '../ui/button'
import { Dialog } from '../ui/dialog'
import { Field } from '../ui/field'
import { Icon } from '../ui/icon'
import { wordsOf } from '../ui/words'
import { useConsole } from './console'
import { Presence } from './name-card'
import { navigate } from './navigation'
import { href } from './routes'
import { slugOf } from './slug'

type Person = Awaited<ReturnType<ReturnType<typeof useConsole>['acts']['directory']>>[number]

const MOST = 8

/** Joins a channel, makes one, or writes to somebody: one field finds all three. */
export function NewConversation({ onClose }: { readonly onClose: () => void }) {
  const { store, acts } = useConsole()
  const [text, setText] = useState('')
  const [people, setPeople] = useState<readonly Person[]>([])
  const [isPrivate, setPrivate] = useState(false)
  const [problem, setProblem] = useState('')
  const words = text.trim().toLowerCase()
  useEffect(() => {
    let isOld = false
    const look = async () => {
      const found = await acts.directory(words.replace(/^@/, ''))
      if (!isOld) setPeople(found)
    }
    background(look().catch((error: unknown) => setProblem(wordsOf(error).detail)))
    return () => {
      isOld = true
    }
  }, [acts, words])
  const me = store.me.value?.handle
  const channels = store.channels.all.value.filter(
    ({ role, slug, kind }) => role === null && kind !== 'dm' && slug.includes(words),
  )
  const slug = slugOf(words)
  const isTaken = slug === '' || store.channels.peek(slug) !== undefined
  const open = (act: () => Promise<string>) => async () => {
    try {
      const opened = await act()
      onClose()
      // The dialog goes first: while it is open, nothing else can have the focus.
      setTimeout(() => navigate(href('channel', { slug: opened })))
    } catch (error) {
      setProblem(wordsOf(error).detail)
    }
  }
  const join = (channel: Channel) =>
    open(async () => {
      await acts.join(channel.slug)
      return channel.slug
    })
  return (
    <Dialog title="New conversation" onClose={onClose}>
      <Field
        label="A channel or somebody"
        placeholder="release-42, or a name"
        autocomplete="off"
        spellcheck={false}
        value={text}
        onInput={({ currentTarget }) => setText(currentTarget.value)}
        problem={problem}
      />
      {channels.length > 0 && (
        <section>
          <h3>Channels to join</h3>
          <ul class="picks">
            {channels.slice(0, MOST).map((channel) => (
              <li key={channel.slug}>
                <Icon of={Hash} size={16} />
                <span class="label">
                  {channel.slug}
                  {channel.topic && <span class="quiet"> {channel.topic}</span>}
                </span>
                <Button small aria-label={`Join ${channel.slug}`} onPress={join(channel)}>
                  Join
                </Button>
              </li>
            ))}
          </ul>
        </section>
      )}
      {people.length > 0 && (
        <section>
          <h3>People and agents</h3>
          <ul class="picks">
            {people
              .filter(({ handle }) => handle !== me)
              .slice(0, MOST)
              .map(({ handle, kind, display_name }) => (
                <li key={handle}>
                  <Avatar handle={handle} name={display_name} kind={kind} size={20} />
                  <span class="label">
                    {display_name ?? handle} <Presence handle={handle} quiet />
                  </span>
                  <Button
                    small
                    aria-label={`Message ${handle}`}
                    onPress={open(() => acts.openDirect(handle))}
                  >
                    Message
                  </Button>
                </li>
              ))}
          </ul>
        </section>
      )}
      {!isTaken && (
        <section class="make">
          <label class="check">
            <input
              type="checkbox"
              checked={isPrivate}
              onChange={({ currentTarget }) => setPrivate(currentTarget.checked)}
            />
            Only for those who are invited
          </label>
          <Button
            look="primary"
            icon={Plus}
            onPress={open(() =>
              acts.createChannel({ slug, name: text.trim(), kind: isPrivate ? 'private' : 'public' }),
            )}
          >
            Make #{slug}
          </Button>
        </section>
      )}
    </Dialog>
  )
}
