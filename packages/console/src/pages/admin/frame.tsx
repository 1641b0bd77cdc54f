import { Archive, Cable, ClipboardList, Hash, KeyRound, Server, Settings2, Smartphone, Users } from 'lucide'
import type { ComponentChildren } from 'preact'
import { Main } from '../../app/main-pane'
import { href } from '../../app/routes'
import { Icon, type IconShape } from '../../ui'
import { Terminal } from '../parts/terminal'

interface Section {
  readonly section: string
  readonly label: string
  readonly icon: IconShape
}

const sections: readonly Section[] = [
  { section: '', label: 'Server', icon: Server },
  { section: 'accounts', label: 'Accounts', icon: Users },
  { section: 'channels', label: 'Channels', icon: Hash },
  { section: 'tokens', label: 'Tokens', icon: KeyRound },
  { section: 'devices', label: 'Devices', icon: Smartphone },
  { section: 'webhooks', label: 'Webhooks', icon: Cable },
  { section: 'settings', label: 'Settings', icon: Settings2 },
  { section: 'audit', label: 'Audit', icon: ClipboardList },
  { section: 'configsync', label: 'ConfigSync', icon: Archive },
]

export interface AdminMainProps {
  readonly title: string
  /** Which section it belongs to; empty for that of the server. */
  readonly section: string
  /** The address above it; that of the administration by default. */
  readonly up?: string
  readonly header?: ComponentChildren
  /** The commands that do the same. */
  readonly commands: readonly string[]
  readonly children: ComponentChildren
}

/** A page of the administration: the list of sections, what the page shows, and the commands that do the same. */
export function AdminMain({ title, section, up, header, commands, children }: AdminMainProps) {
  const isTop = section === ''
  return (
    <Main title={title} header={header} class="admin" {...(isTop ? {} : { up: up ?? href('admin') })}>
      <nav class={isTop ? 'sections top-level' : 'sections'} aria-label="Administration">
        <ul>
          {sections.map((one) => (
            <li key={one.section}>
              <a
                href={one.section === '' ? href('admin') : href('adminSection', { section: one.section })}
                aria-current={one.section === section ? 'page' : undefined}
              >
                <Icon of={one.icon} size={16} />
                {one.label}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <div class="page">
        {children}
        <Terminal lines={commands} />
      </div>
    </Main>
  )
}
