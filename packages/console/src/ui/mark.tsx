/** The mark of Synapse: three nodes around a fourth. */
export function Mark({ size = 40 }: { readonly size?: number }) {
  return (
    <svg class="mark" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <path d="M16 16 6.5 8M16 16l10-7M16 16l-3 11" stroke="currentColor" stroke-width="2.2" fill="none" />
      <circle cx="16" cy="16" r="5" fill="currentColor" />
      <circle cx="6.5" cy="8" r="3.2" fill="currentColor" />
      <circle cx="26" cy="9" r="3.2" fill="currentColor" />
      <circle cx="13" cy="27" r="3.2" fill="currentColor" />
    </svg>
  )
}
