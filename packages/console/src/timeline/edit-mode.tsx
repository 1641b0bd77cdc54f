import type { Message } from '@synapse/client'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import { preferences } from '../app/preferences'
import { background } from '../background'
import { actOf, isComposing } from '../composer/keys'
import { isTouch } from '../composer/touch'
import { isInFence } from '../text'
import { Button, wordsOf } from '../ui'
import { useHost } from './host'

/** The field that changes the text of an own message. Escape leaves it; what sends a message saves. */
export function EditMode({ message }: { readonly message: Message }) {
  const { app, editing } = useHost()
  const field = useRef<HTMLTextAreaElement>(null)
  const [text, setText] = useState(message.body)
  const [problem, setProblem] = useState('')
  const close = () => {
    const row = field.current?.closest<HTMLElement>('li')
    editing.value = undefined
    row?.focus()
  }
  const fit = () => {
    const element = field.current
    if (!element) return
    element.style.height = 'auto'
    element.style.height = `${element.scrollHeight + 2}px`
  }
  useLayoutEffect(() => {
    fit()
    field.current?.focus({ preventScroll: true })
    field.current?.setSelectionRange(text.length, text.length)
  }, [])
  const save = async () => {
    const body = text.trim()
    if (body === '' || body === message.body) return close()
    try {
      await app.acts.edit(message.id, body)
      close()
    } catch (error) {
      setProblem(wordsOf(error).detail)
    }
  }
  return (
    <div class="edit-mode">
      <textarea
        ref={field}
        class="text"
        aria-label="Edit message"
        value={text}
        onInput={({ currentTarget }) => {
          setText(currentTarget.value)
          fit()
        }}
        onKeyDown={(event) => {
          const { currentTarget } = event
          const act = actOf(event, {
            isInFence: isInFence(currentTarget.value, currentTarget.selectionStart),
            isTouch: isTouch.matches,
            enter: preferences.value.enter,
            isEmpty: false,
            isCompleting: false,
          })
          if (act === 'send') {
            event.preventDefault()
            background(save())
          } else if (event.key === 'Escape' && !isComposing(event)) {
            event.stopPropagation()
            close()
          }
        }}
      />
      {problem !== '' && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      <div class="acts">
        <Button small look="primary" onPress={save}>
          Save
        </Button>
        <Button small look="plain" onPress={close}>
          Cancel
        </Button>
      </div>
    </div>
  )
}
