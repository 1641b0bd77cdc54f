/**
 * The palette: one field that finds conversations, people, agents and acts; and the list of keys.
 * Imports app/, state/ and ui/. Its code is fetched when it is opened first.
 * Start reading here, then items.ts (what there is) and ranking.ts (what fits).
 */
import { useEffect, useRef, useState } from 'preact/hooks'
import { useConsole } from '../app/console'
import { background } from '../background'
import { visibleName } from '../text'
import { Icon } from '../ui/icon'
import { allItems, type Item, type Openers, searchItem } from './items'
import { type Kind, needleOf, rank } from './ranking'

export interface PaletteProps extends Openers {
  readonly onClose: () => void
}

const TITLES: Readonly<Record<Kind, string>> = {
  conversation: 'Conversations',
  person: 'People',
  agent: 'Agents',
  act: 'Acts',
  search: 'Search',
}
const ORDER: readonly Kind[] = ['conversation', 'person', 'agent', 'act', 'search']
/** Without words each kind shows so many. */
const MOST_OF_A_KIND = 6

/** Finds what is typed, and opens what is chosen. Escape closes it; the focus returns. */
export function Palette({ onClose, showKeys }: PaletteProps) {
  const app = useConsole()
  const dialog = useRef<HTMLDialogElement>(null)
  const list = useRef<HTMLDivElement>(null)
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  useEffect(() => dialog.current?.showModal(), [])
  const needle = needleOf(text)
  const { words, kinds } = needle
  useEffect(() => {
    // The store knows those who wrote; the directory knows all.
    background(app.acts.directory(words).catch(() => undefined))
  }, [app, words])

  const all = allItems(app, { showKeys })
  const isBeginning = words === '' && kinds === undefined
  const search = words !== '' && kinds === undefined ? [searchItem(words)] : []
  const groups = groupsOf(isBeginning ? beginning(all) : [...rank(all, needle), ...search])
  const items = groups.flatMap(({ items: some }) => some)
  const chosen = Math.min(at, items.length - 1)
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' })
  }, [chosen, text])

  const run = (item: Item | undefined) => {
    if (!item) return
    // Closing returns the focus to where it was; the act may move it.
    dialog.current?.close()
    onClose()
    const result = item.run()
    if (result instanceof Promise) background(result)
  }
  const pressed = (event: KeyboardEvent) => {
    if (event.isComposing || event.keyCode === 229) return
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step !== undefined && items.length > 0) {
      event.preventDefault()
      setAt((chosen + step + items.length) % items.length)
    } else if (event.key === 'Enter') {
      event.preventDefault()
      run(items[chosen])
    }
  }
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes it as well
    <dialog
      ref={dialog}
      class="palette"
      aria-label="Palette"
      onClose={onClose}
      onClick={({ target }) => {
        if (target === dialog.current) dialog.current?.close()
      }}
    >
      <div class="palette-content">
        <input
          type="text"
          list={undefined}
          // biome-ignore lint/a11y/noRedundantRoles: an input without a list has another role
          role="combobox"
          aria-label="Find a conversation, a person or an act"
          aria-expanded="true"
          aria-controls="palette-list"
          aria-autocomplete="list"
          aria-activedescendant={chosen >= 0 ? `palette-${chosen}` : undefined}
          placeholder="Find a conversation, a person or an act"
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          maxLength={200}
          value={text}
          onInput={({ currentTarget }) => {
            setText(currentTarget.value)
            setAt(0)
          }}
          onKeyDown={pressed}
        />
        <div ref={list} id="palette-list" role="listbox" aria-label="Found" tabIndex={-1}>
          {groups.map(({ kind, items: some, first }) => (
            // biome-ignore lint/a11y/useSemanticElements: a group of options
            <div role="group" aria-label={TITLES[kind]} key={`${kind} ${first}`}>
              <div class="title" aria-hidden="true">
                {TITLES[kind]}
              </div>
              {some.map((item, index) => (
                <Option
                  key={item.id}
                  item={item}
                  index={first + index}
                  isChosen={first + index === chosen}
                  onPress={() => run(item)}
                />
              ))}
            </div>
          ))}
          {items.length === 0 && <p class="quiet">Nothing fits.</p>}
        </div>
        <p class="palette-help" aria-hidden="true">
          <kbd>#</kbd> conversations <kbd>@</kbd> people and agents <kbd>&gt;</kbd> acts
        </p>
      </div>
    </dialog>
  )
}

interface OptionProps {
  readonly item: Item
  readonly index: number
  readonly isChosen: boolean
  readonly onPress: () => void
}

function Option({ item: { icon, label, detail, key }, index, isChosen, onPress }: OptionProps) {
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the field has the focus and takes the keys
    // biome-ignore lint/a11y/useFocusableInteractive: the same
    <div id={`palette-${index}`} role="option" aria-selected={isChosen} class="option" onClick={onPress}>
      <Icon of={icon} size={16} />
      <span class="label">{visibleName(label)}</span>
      {detail && <span class="detail">{visibleName(detail)}</span>}
      {key && (
        <span class="keys" aria-hidden="true">
          {key.split(' ').map((one) => (
            <kbd key={one}>{one}</kbd>
          ))}
        </span>
      )}
    </div>
  )
}

interface Group {
  readonly kind: Kind
  readonly items: readonly Item[]
  /** The place of its first item among all. */
  readonly first: number
}

/** Neighbours of one kind under one title; what fits best stays first. */
function groupsOf(items: readonly Item[]): Group[] {
  const groups: { kind: Kind; items: Item[]; first: number }[] = []
  for (const [index, item] of byBest(items).entries()) {
    const last = groups.at(-1)
    if (last?.kind === item.kind) last.items.push(item)
    else groups.push({ kind: item.kind, items: [item], first: index })
  }
  return groups
}

/** The kinds in the order of their best item, so that each has one title. */
function byBest(items: readonly Item[]): Item[] {
  const kinds = [...new Set(items.map(({ kind }) => kind))]
  return kinds.flatMap((kind) => items.filter((item) => item.kind === kind))
}

function beginning(items: readonly Item[]): Item[] {
  return ORDER.flatMap((kind) => items.filter((item) => item.kind === kind).slice(0, MOST_OF_A_KIND))
}
