import { CopyButton } from '../../ui'

export interface TerminalProps {
  readonly lines: readonly string[]
}

/** The commands that do the same as a page. */
export function Terminal({ lines }: TerminalProps) {
  return (
    <section class="terminal" aria-label="In a terminal">
      <h2>In a terminal</h2>
      <ul>
        {lines.map((line) => (
          <li class="command" key={line}>
            <code>{line}</code>
            <CopyButton text={line} label={`Copy ${line}`} />
          </li>
        ))}
      </ul>
    </section>
  )
}
