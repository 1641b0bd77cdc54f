/** What a token allows: few scopes in full, many as a number that opens. */
export function Scopes({ of }: { readonly of: readonly string[] }) {
  if (of.length === 0) return <span class="none">none</span>
  if (of.length <= 3) return <List of={of} />
  return (
    <details>
      <summary>{of.length} scopes</summary>
      <List of={of} />
    </details>
  )
}

function List({ of }: { readonly of: readonly string[] }) {
  return (
    <ul class="scopes">
      {of.map((scope) => (
        <li key={scope}>
          <code>{scope}</code>
        </li>
      ))}
    </ul>
  )
}
