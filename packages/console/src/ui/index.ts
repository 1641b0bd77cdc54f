/**
 * The parts that every page is made of. Imports preact, signals, icons, and what app/ knows of the browser; no state of
 * the server: a part gets what it shows as properties.
 * Start reading at button.tsx and states.tsx.
 */
export { AccountName } from './account-name'
export { Avatar } from './avatar'
export { Button, IconButton } from './button'
export { Chip } from './chip'
export { copyText } from './copy'
export { CopyButton } from './copy-button'
export { Countdown } from './countdown'
export { Dialog } from './dialog'
export { Field } from './field'
export { Icon, type IconShape } from './icon'
export { newKey } from './keys'
export { Menu, MenuItem } from './menu'
export { PresenceMark } from './presence'
export { Empty, ErrorState, Loading } from './states'
export { Time } from './time'
export { toast } from './toast'
export { wordsOf } from './words'
