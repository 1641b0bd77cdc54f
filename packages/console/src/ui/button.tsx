import type { ButtonHTMLAttributes } from 'preact'
import { useState } from 'preact/hooks'
import { background } from '../background'
import { Icon, type IconShape } from './icon'

export interface ButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'icon' | 'disabled'> {
  /** `primary`: the one act of a view. `danger`: what cannot be undone. `plain`: without a border. */
  readonly look?: 'primary' | 'outline' | 'danger' | 'plain'
  readonly icon?: IconShape
  readonly small?: boolean
  /**
   * What it does. While a promise is pending, further presses do nothing; the button keeps its focus, so it is never
   * disabled. A failure goes to the reporter of the page (background.ts) unless the act handles it.
   */
  readonly onPress?: (event: MouseEvent) => unknown
}

export function Button({
  look = 'outline',
  icon,
  small = false,
  onPress,
  class: className = '',
  children,
  ...rest
}: ButtonProps) {
  const [isBusy, setBusy] = useState(false)
  const press = (event: MouseEvent) => {
    if (isBusy) return
    const result = onPress?.(event)
    if (!(result instanceof Promise)) return
    setBusy(true)
    background(result.finally(() => setBusy(false)))
  }
  const size = small ? ' small' : ''
  return (
    <button
      type="button"
      {...rest}
      {...(onPress === undefined ? {} : { onClick: press })}
      class={`button ${look}${size} ${className}`}
      aria-disabled={isBusy || rest['aria-disabled'] ? true : undefined}
      aria-busy={isBusy || undefined}
    >
      {icon && <Icon of={icon} size={small ? 16 : 18} />}
      {children}
    </button>
  )
}

export interface IconButtonProps extends Omit<ButtonProps, 'children' | 'icon'> {
  readonly icon: IconShape
  /** What it does, also as a tooltip. */
  readonly label: string
}

export function IconButton({ label, icon, look = 'plain', class: className = '', ...rest }: IconButtonProps) {
  return (
    <Button
      {...rest}
      look={look}
      icon={icon}
      class={`icon-only ${className}`}
      aria-label={label}
      title={label}
    />
  )
}
