/**
 * Oneself: profile, look, alerts, keys, devices, tokens, webhooks (`/me`, `/me/:section`).
 * Imports app/, state/, ui/ and the lists of palette/keys-dialog.
 * Start reading here; rows.tsx, form.tsx, asking.tsx and reading.tsx are the parts of the sections.
 */
import type { ComponentType } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import type { PageProps } from '../../app/app'
import { Main } from '../../app/main-pane'
import { NotFound } from '../../app/not-found'
import { href } from '../../app/routes'
import { Alerts } from './alerts'
import { Devices } from './devices'
import { Keys } from './keys'
import { Look } from './look'
import { ProfileSection } from './profile'
import { Tokens } from './tokens'
import { Webhooks } from './webhooks'

interface Section {
  readonly id: string
  readonly label: string
  readonly page: ComponentType
}

const sections: readonly Section[] = [
  { id: 'profile', label: 'Profile', page: ProfileSection },
  { id: 'look', label: 'Look', page: Look },
  { id: 'alerts', label: 'Alerts', page: Alerts },
  { id: 'keys', label: 'Keys', page: Keys },
  { id: 'devices', label: 'Devices', page: Devices },
  { id: 'tokens', label: 'Tokens', page: Tokens },
  { id: 'webhooks', label: 'Webhooks', page: Webhooks },
]

/** A section of what the person can say about themselves and this browser; `/me` is the profile. */
export function MePage({ route }: PageProps) {
  const id = route.name === 'meSection' ? route.params.section : 'profile'
  const section = sections.find((one) => one.id === id)
  const nav = useRef<HTMLElement>(null)
  useEffect(() => {
    nav.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }, [id])
  if (section === undefined) return <NotFound />
  return (
    <Main title={id === 'profile' ? 'You' : section.label} class="me">
      <nav ref={nav} class="filters" aria-label="About you">
        {sections.map((one) => (
          <a
            key={one.id}
            href={one.id === 'profile' ? href('me') : href('meSection', { section: one.id })}
            aria-current={one.id === id ? 'true' : undefined}
          >
            {one.label}
          </a>
        ))}
      </nav>
      <div class="me-page">
        <section.page />
      </div>
    </Main>
  )
}
