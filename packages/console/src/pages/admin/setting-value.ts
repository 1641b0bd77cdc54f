/** The text that a field shows for a value of a setting. */
export function written(value: unknown): string {
  if (typeof value === 'string') return value
  if (Array.isArray(value) && value.every((one) => typeof one === 'string' && !one.includes(',')))
    return value.join(',')
  return JSON.stringify(value)
}

/**
 * The value of a text that a person typed for a setting, by the kind of its present value. What is no value of that kind
 * is given to the server as it is, which says what is wrong.
 */
export function parsed(text: string, present: unknown): unknown {
  const trimmed = text.trim()
  if (typeof present === 'string') return trimmed
  const json = jsonOf(trimmed)
  if (json !== undefined) return json
  if (Array.isArray(present)) return trimmed.split(/[\s,]+/).filter(Boolean)
  return trimmed
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A value of a setting, as one line. */
export function shownValue(value: unknown): string {
  if (typeof value === 'string') return value === '' ? '(empty)' : value
  if (Array.isArray(value) && value.every((one) => typeof one === 'string'))
    return value.length === 0 ? '(none)' : value.join(', ')
  return JSON.stringify(value)
}
