import type { ComponentChildren, VNode } from 'preact'
import { CodeBlock } from '../../../packages/console/src/text/code-block'

/** An element as a page would have it. */
export interface Drawn {
  readonly tag: string
  readonly attributes: Readonly<Record<string, unknown>>
  readonly children: readonly (Drawn | string)[]
}

type Properties = Record<string, unknown> & { children?: ComponentChildren }

/** Draws nodes without a page. Code is drawn as `pre`, because its parts need a page. */
export function draw(node: ComponentChildren): (Drawn | string)[] {
  if (node === null || node === undefined || typeof node === 'boolean') return []
  if (Array.isArray(node)) return node.flatMap(draw)
  if (typeof node !== 'object') return [String(node)]
  const { type, props } = node as VNode<Properties>
  const { children, ...attributes } = props
  if (type === CodeBlock) return [{ tag: 'pre', attributes: {}, children: [String(attributes.text)] }]
  if (typeof type === 'function') {
    // Parts of a text are functions without state.
    const part = type as (properties: Properties) => ComponentChildren
    return draw(part(props))
  }
  return [{ tag: String(type), attributes, children: draw(children) }]
}

/** Every element of a drawing, outer ones first. */
export function elementsOf(drawing: readonly (Drawn | string)[]): Drawn[] {
  return drawing.flatMap((one) => (typeof one === 'string' ? [] : [one, ...elementsOf(one.children)]))
}

/** The text of a drawing. */
export function wordsOf(drawing: readonly (Drawn | string)[]): string {
  return drawing.map((one) => (typeof one === 'string' ? one : wordsOf(one.children))).join('')
}

/** A drawing in short: `p: a strong: b`. */
export function outlineOf(drawing: readonly (Drawn | string)[]): string {
  return drawing
    .map((one) => {
      if (typeof one === 'string') return one
      const { class: name } = one.attributes
      const tag = name === undefined ? one.tag : `${one.tag}.${String(name).replace(/ /g, '.')}`
      return one.children.length === 0 ? `<${tag}>` : `<${tag}>${outlineOf(one.children)}</${one.tag}>`
    })
    .join('')
}
