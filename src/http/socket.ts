/**
 * A surface's side of one WebSocket connection. It is created before the upgrade; the listener forwards Bun's events to
 * it.
 */
export interface SocketSession {
  open(socket: SocketHandle): void
  message(frame: string | Buffer): void
  drain(): void
  /** Called for everything the client sends, answers to pings included. */
  heard(): void
  close(): void
}

/** What a session may do with its socket; Bun's ServerWebSocket implements it. */
export interface SocketHandle {
  send(text: string): number
  /** Calls `send` at once. What it sends is handed to the network together. */
  cork(send: () => void): void
  ping(): number
  close(code: number, reason: string): void
  terminate(): void
  subscribe(topic: string): void
  unsubscribe(topic: string): void
  getBufferedAmount(): number
}
