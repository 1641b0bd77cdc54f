/** What a listener's WebSocket handlers hand on: one object a connection, made before the upgrade. */
export interface SocketSession {
  open(socket: SocketHandle): void
  message(frame: string | Buffer): void
  drain(): void
  /** Something came from the client, be it the answer to a ping. */
  heard(): void
  close(): void
}

/** What a session may do with its socket; Bun's ServerWebSocket has all of it. */
export interface SocketHandle {
  send(text: string): number
  ping(): number
  close(code: number, reason: string): void
  terminate(): void
  subscribe(topic: string): void
  unsubscribe(topic: string): void
  getBufferedAmount(): number
}
