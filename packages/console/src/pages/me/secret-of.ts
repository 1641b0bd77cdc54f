/** The new secret of a webhook, in the answer that shows it once. The types that are made of the API description lack the field. */
export function secretOf(answer: object): string | null {
  return 'secret' in answer && typeof answer.secret === 'string' ? answer.secret : null
}
