/**
 * The message field: what is written, to whom it goes, files, names after `@`, how urgent it is. Rules are pure functions in
 * keys.ts, completion.ts, counting.ts and reach.ts. Imports state/ for drafts and the outbox, ui/, and app/ for preferences.
 * Start reading here.
 */
import { type ReadonlySignal, useSignalEffect } from '@preact/signals'
import { SendHorizontal } from 'lucide'
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import { useConsole } from '../app/console'
import { later, rest } from '../app/later'
import { preferences } from '../app/preferences'
import { background } from '../background'
import type { Place } from '../state'
import { isInFence } from '../text'
import { Button, Icon } from '../ui'
import { AddMenu } from './add-menu'
import { completed } from './completion'
import { countOf, manyLines, withoutPasted } from './counting'
import { hasEnclosed, nameAttachments } from './enclosing'
import { actOf, type KeyAct, sendingKeys } from './keys'
import { Notices, type Offer } from './notices'
import { forgetReason } from './put-back'
import { lostInWords, reachInWords } from './reach'
import { Suggestions } from './suggestions'
import { isTouch } from './touch'
import { takeTyping } from './typing'
import { hasRoomFor, MOST_FILES, upload, uploadsAt } from './uploads'
import { useCompletion } from './use-completion'
import { useReach } from './use-reach'
import { takesWriting } from './wanted'

const Enclosed = later(
  rest((parts) => parts.Enclosed),
  null,
)

export interface ComposerProps {
  readonly place: Place
  /** The name of the field: `Message #general`, `Message scout`, `Reply`. */
  readonly label: string
  /** Named aliases of the channel. */
  readonly aliases: ReadonlySignal<Readonly<Record<string, readonly string[]>>>
}

/** Where one writes to a channel, a thread or a person. Render it with the place as its key. */
export function Composer({ place, label, aliases }: ComposerProps) {
  const app = useConsole()
  const ids = useId()
  const box = useRef<HTMLDivElement>(null)
  const field = useRef<HTMLTextAreaElement>(null)
  const [note, setNote] = useState('')
  const [offer, setOffer] = useState<Offer>()
  const draft = app.drafts.at(place).value
  const { text } = draft
  const uploads = uploadsAt(app, place).value
  const count = countOf(text)
  const { enter } = preferences.value
  const around = { place, aliases: aliases.value }
  const completion = useCompletion(around)
  const reach = useReach(around, draft)
  const channel = app.store.channels.get(place.channel)

  useEffect(() => (field.current ? takeTyping(field.current) : undefined), [])
  useEffect(() => {
    if (takesWriting(place)) field.current?.focus()
  }, [])
  useFiles(box, (files) => attach(files))
  // A draft that is put back, or comes from another tab, is as high as its text.
  useSignalEffect(() => {
    app.drafts.at(place).value
    requestAnimationFrame(() => field.current && grow(field.current))
  })

  const change = (value: string) => {
    app.drafts.change(place, { text: value })
    setNote('')
    if (value === '') setOffer(undefined)
  }
  const attach = (files: readonly File[]) => {
    if (hasRoomFor(app, place, files.length)) background(upload(app, place, files))
    else setNote(`A message has at most ${MOST_FILES} files.`)
    field.current?.focus({ preventScroll: true })
  }
  /** Sends a text as a file in place of what stands in the field. */
  const sendAsFile = async (content: string, name: string, rest: () => string | undefined) => {
    if (!hasRoomFor(app, place, 1)) return setNote(`A message has at most ${MOST_FILES} files.`)
    const sent = await upload(app, place, [new File([content], name, { type: 'text/plain' })])
    const left = rest()
    if (sent && left !== undefined) change(left)
    setOffer(undefined)
  }
  const send = () => {
    const now = app.drafts.at(place).peek()
    const written = now.text.replace(/^(?:[ \t]*\n)+|\s+$/g, '')
    if (written === '' && now.attachments.length === 0 && uploads.length === 0) return
    if (uploads.some(({ problem }) => problem === undefined))
      return setNote('A file is still on its way. Wait for it, or cancel it.')
    if (uploads.length > 0) return setNote('A file was not uploaded. Send it again, or remove it.')
    if (countOf(written)?.isOver) return setNote('The text is too long for a message. Send it as a file.')
    app.drafts.change(place, { text: written === '' ? nameAttachments(now.attachments) : written })
    forgetReason(app, place)
    setNote('')
    setOffer(undefined)
    completion.close()
    app.post(place)
    field.current?.focus({ preventScroll: true })
  }
  const accept = (index = completion.index) => {
    const { current } = field
    const chosen = completion.list[index]
    if (!current || !chosen || !completion.query) return
    const { text: put, caret } = completed(
      current.value,
      current.selectionStart,
      completion.query,
      chosen.text,
    )
    change(put)
    // The new text is in the field after the next draw, and the caret with it.
    current.value = put
    current.setSelectionRange(caret, caret)
    completion.close()
    current.focus({ preventScroll: true })
  }
  const pressed = (event: KeyboardEvent) => {
    const { current } = field
    if (!current) return
    const act = actOf(event, {
      isInFence: isInFence(current.value, current.selectionStart),
      isTouch: isTouch.matches,
      enter,
      isEmpty: current.value === '',
      isCompleting: completion.list.length > 0,
    })
    const acts: Readonly<Record<NonNullable<KeyAct>, (() => void) | undefined>> = {
      send,
      accept: () => accept(),
      next: () => completion.move(1),
      previous: () => completion.move(-1),
      close: completion.dismiss,
      leave: () => field.current && leave(field.current),
    }
    const run = act && acts[act]
    if (!run) return
    event.preventDefault()
    // The Escape that closes the list closes nothing else.
    if (act === 'close') event.stopPropagation()
    run()
  }
  const pasted = (event: ClipboardEvent) => {
    const data = event.clipboardData
    if (!data) return
    if (data.files.length > 0) {
      event.preventDefault()
      return attach([...data.files])
    }
    const content = data.getData('text/plain')
    const lines = manyLines(content)
    if (lines !== undefined) setOffer({ text: content, lines })
  }
  const looked = ({ currentTarget }: { readonly currentTarget: HTMLTextAreaElement }) => {
    if (currentTarget.selectionStart === currentTarget.selectionEnd)
      completion.look(currentTarget.value, currentTarget.selectionStart)
    else completion.close()
  }

  if (channel && !channel.access.post)
    return (
      <p class="composer closed">
        {channel.role === null ? 'Join the channel to write here.' : 'You can read here, but not write.'}
      </p>
    )
  const name = (handle: string) => app.store.accounts.get(handle)?.display_name || handle
  const goesTo = reachInWords(reach.to, name)
  const lost = lostInWords(reach.lost)
  const fence = {
    enter,
    isTouch: isTouch.matches,
    isInFence: text.includes('```') && isInFence(text, text.length),
  }
  const optionId = (index: number) => `${ids}-option-${index}`
  const isOpen = completion.list.length > 0
  return (
    <div class="composer" ref={box}>
      {isOpen && (
        <Suggestions
          id={`${ids}-list`}
          optionId={optionId}
          list={completion.list}
          index={completion.index}
          onAccept={accept}
        />
      )}
      <Notices
        place={place}
        note={note}
        count={count}
        offer={offer}
        onWholeAsFile={() => sendAsFile(text, 'message.md', () => '')}
        onPastedAsFile={({ text: content }) =>
          sendAsFile(content, 'pasted.txt', () => withoutPasted(app.drafts.at(place).peek().text, content))
        }
        onDismissOffer={() => setOffer(undefined)}
      />
      {(hasEnclosed(draft) || uploads.length > 0) && (
        <Enclosed place={place} draft={draft} uploads={uploads} />
      )}
      <div class="composer-box">
        <AddMenu place={place} draft={draft} onFiles={attach} />
        <textarea
          ref={field}
          rows={1}
          class="composer-field"
          aria-label={label}
          placeholder={label}
          aria-describedby={`${ids}-reach`}
          aria-autocomplete="list"
          aria-controls={isOpen ? `${ids}-list` : undefined}
          aria-activedescendant={isOpen ? optionId(completion.index) : undefined}
          enterkeyhint={isTouch.matches ? 'enter' : 'send'}
          value={text}
          onInput={(event) => {
            change(event.currentTarget.value)
            grow(event.currentTarget)
            looked(event)
          }}
          onSelect={looked}
          onBlur={completion.close}
          onKeyDown={pressed}
          onPaste={pasted}
        />
        <Button
          look="primary"
          class="send"
          aria-label="Send"
          title="Send"
          // The field keeps the focus, and a phone its keyboard.
          onPointerDown={(event) => event.preventDefault()}
          onPress={send}
        >
          <Icon of={SendHorizontal} size={18} />
          <span class="word">Send</span>
        </Button>
      </div>
      <div class="composer-line">
        <span id={`${ids}-reach`}>
          {goesTo}
          {lost !== '' && <span class="lost">{goesTo === '' ? lost : `. ${lost}`}</span>}
        </span>
        <span class="keys" aria-hidden="true">
          {text === '' ? '' : sendingKeys(fence)}
        </span>
      </div>
    </div>
  )
}

/** Moves the focus to the rows of the same pane, to the one that Tab comes to. */
function leave(field: HTMLElement): void {
  field.closest('[data-region]')?.querySelector<HTMLElement>('ol > [data-focusable][tabindex="0"]')?.focus()
}

/** The field grows with its text where the style cannot do that. */
function grow(field: HTMLTextAreaElement): void {
  if (CSS.supports('field-sizing', 'content')) return
  field.style.height = 'auto'
  field.style.height = `${field.scrollHeight}px`
}

/** Files that are dropped on the pane of the field are taken. */
function useFiles(
  box: { readonly current: HTMLDivElement | null },
  onFiles: (files: readonly File[]) => void,
): void {
  const take = useRef(onFiles)
  take.current = onFiles
  useEffect(() => {
    const pane = box.current?.closest<HTMLElement>('[data-region]') ?? box.current
    if (!pane) return
    const listening = new AbortController()
    const { signal } = listening
    const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') === true
    const show = (isOver: boolean) => box.current?.classList.toggle('over', isOver)
    pane.addEventListener(
      'dragover',
      (event) => {
        if (!hasFiles(event)) return
        event.preventDefault()
        show(true)
      },
      { signal },
    )
    pane.addEventListener(
      'dragleave',
      ({ relatedTarget }) => {
        if (!(relatedTarget instanceof Node && pane.contains(relatedTarget))) show(false)
      },
      { signal },
    )
    pane.addEventListener(
      'drop',
      (event) => {
        show(false)
        if (!event.dataTransfer || !hasFiles(event)) return
        event.preventDefault()
        take.current([...event.dataTransfer.files])
      },
      { signal },
    )
    return () => listening.abort()
  }, [])
}
