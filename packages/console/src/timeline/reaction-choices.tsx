import { useEffect, useState } from 'preact/hooks'
import { EMOJI, isReaction, readable, WORDS } from './emoji'

interface ReactionChoicesProps {
  readonly onPick: (emoji: string) => void
  /** They are there: they can be placed and focused. */
  readonly onShown: () => void
}

/** 16 emoji, 8 words, and a field for any other. */
export function ReactionChoices({ onPick, onShown }: ReactionChoicesProps) {
  const [text, setText] = useState('')
  const other = text.trim()
  useEffect(onShown, [])
  return (
    <>
      <div class="reaction-emoji">
        {EMOJI.map(([emoji, name]) => (
          <button key={emoji} type="button" aria-label={name} title={name} onClick={() => onPick(emoji)}>
            {emoji}
          </button>
        ))}
      </div>
      <div class="reaction-words">
        {WORDS.map((word) => (
          <button key={word} type="button" onClick={() => onPick(word)}>
            {readable(word)}
          </button>
        ))}
      </div>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (isReaction(other)) onPick(other)
        }}
      >
        <input
          aria-label="Another emoji or word"
          placeholder="Another emoji or word"
          value={text}
          autoComplete="off"
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
        <button
          type="submit"
          class="button outline small"
          aria-disabled={isReaction(other) ? undefined : true}
        >
          Add
        </button>
      </form>
      {other !== '' && !isReaction(other) && (
        <p class="reaction-problem">One word of at most 64 characters, without spaces.</p>
      )}
    </>
  )
}
