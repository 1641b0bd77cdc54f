/** Reads the fields of a form. */

/** The trimmed text of a field; undefined when it is empty. */
export function wordOf(fields: FormData, name: string): string | undefined {
  const text = textOf(fields, name).trim()
  return text === '' ? undefined : text
}

/** The text of a field as it was typed. */
export function textOf(fields: FormData, name: string): string {
  const value = fields.get(name)
  return typeof value === 'string' ? value : ''
}

export function isChecked(fields: FormData, name: string): boolean {
  return fields.get(name) !== null
}

/** The words of a field, separated by blanks, commas or lines. */
export function wordsIn(fields: FormData, name: string): string[] {
  return textOf(fields, name)
    .split(/[\s,]+/)
    .filter(Boolean)
}

/** The values of the checked boxes of a name. */
export function allOf(fields: FormData, name: string): string[] {
  return fields.getAll(name).filter((value) => typeof value === 'string')
}

/** A number; undefined when the field is empty. */
export function numberOf(fields: FormData, name: string): number | undefined {
  const text = wordOf(fields, name)
  return text === undefined ? undefined : Number(text)
}

/** The instant of a field of the kind `date` or `datetime-local`, in the zone of this browser, as RFC 3339. */
export function instantOf(fields: FormData, name: string): string | undefined {
  const text = wordOf(fields, name)
  if (text === undefined) return undefined
  return new Date(text.length === 10 ? `${text}T00:00` : text).toISOString()
}
