import { wordsOf } from '../../ui'

/** Why something was refused, and what mends it, in the server's words. Nothing without an error. */
export function Problem({ error }: { readonly error: unknown }) {
  if (error === undefined) return null
  const { detail, fix } = wordsOf(error)
  return (
    <div class="problem" role="alert">
      <p>{detail}</p>
      {fix !== undefined && <p>{fix}</p>}
    </div>
  )
}
