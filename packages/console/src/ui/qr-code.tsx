import { useEffect, useState } from 'preact/hooks'
import { background } from '../background'
import { fetchCode } from '../code'

export interface QrCodeProps {
  readonly text: string
  readonly label: string
}

interface Drawn {
  readonly path: string
  readonly size: number
}

/** A QR code, dark on light in both themes, because cameras want it so. Its encoder is fetched when it is shown. */
export function QrCode({ text, label }: QrCodeProps) {
  const [drawn, setDrawn] = useState<Drawn>()
  useEffect(() => {
    const draw = async () => {
      const { encode } = await fetchCode(() => import('uqr'))
      const { data, size } = encode(text, { ecc: 'L', border: 2 })
      const path = data
        .flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])))
        .join('')
      setDrawn({ path, size })
    }
    background(draw())
  }, [text])
  return (
    <div class="qr" role="img" aria-label={label}>
      {drawn && (
        <svg viewBox={`0 0 ${drawn.size} ${drawn.size}`} aria-hidden="true" shape-rendering="crispEdges">
          <path d={drawn.path} fill="#000000" />
        </svg>
      )}
    </div>
  )
}
