// The parts of multicast-dns 7 and dns-packet that are used here; neither package has types.
declare module 'multicast-dns' {
  import type { EventEmitter } from 'node:events'

  export interface Question {
    name: string
    type: string
  }

  export type Answer =
    | { name: string; type: 'PTR'; ttl: number; data: string }
    | { name: string; type: 'TXT'; ttl: number; data: readonly (string | Uint8Array)[] | string | Uint8Array }
    | {
        name: string
        type: 'SRV'
        ttl: number
        data: { target: string; port: number; priority?: number; weight?: number }
      }
    | { name: string; type: 'A'; ttl: number; data: string }

  export interface Packet {
    questions?: Question[]
    answers?: Answer[]
    additionals?: Answer[]
  }

  export interface MulticastDns extends EventEmitter {
    query(questions: Question[], done?: (error: unknown) => void): void
    respond(packet: Packet, done?: (error: unknown) => void): void
    destroy(done?: () => void): void
  }

  // biome-ignore lint/style/noDefaultExport: it is what the package has
  export default function multicastDns(options?: {
    port?: number
    interface?: string
    bind?: string
    loopback?: boolean
  }): MulticastDns
}
