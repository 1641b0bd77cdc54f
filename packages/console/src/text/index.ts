/**
 * Texts of people and programs as nodes of a page. Nothing here parses HTML or loads what a text names, except the
 * message's own images. Imports marked's lexer, the highlighter (later, for code), preact and the parts of ui/.
 * Start reading at markdown.tsx; tokens.ts says which texts are shown as they are.
 */
export { Attachments } from './attachments'
export { isInFence } from './fences'
export { Highlighted } from './highlights'
export { renderMarkdown, type TextOptions } from './markdown'
export { visibleName, visibleText } from './names'
export { channelWords, isDirect } from './places'
export { plainSnippet } from './snippet'
