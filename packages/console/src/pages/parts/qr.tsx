import { useEffect, useState } from 'preact/hooks'
import { background } from '../../background'

/** A QR code. Its drawing code is fetched when one is shown. Black on white in both themes, because cameras want that. */
export function Qr({ text, label }: { readonly text: string; readonly label: string }) {
  const [code, setCode] = useState<{ readonly size: number; readonly path: string }>()
  useEffect(() => {
    const draw = async () => {
      const { encode } = await import('uqr')
      const { data, size } = encode(text, { ecc: 'L', border: 2 })
      const dark = data.flatMap((row, y) =>
        row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])),
      )
      setCode({ size, path: dark.join('') })
    }
    background(draw())
  }, [text])
  return (
    <div class="qr">
      {code && (
        <svg
          viewBox={`0 0 ${code.size} ${code.size}`}
          shape-rendering="crispEdges"
          role="img"
          aria-label={label}
        >
          <rect width={code.size} height={code.size} fill="#fff" />
          <path d={code.path} fill="#000" />
        </svg>
      )}
    </div>
  )
}
