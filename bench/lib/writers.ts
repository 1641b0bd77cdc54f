/**
 * A few connections that post. Each has one request in flight at a time, because Bun's server ends a connection that
 * sends a second one before the answer; what is due while all are busy waits in line, its due time with it.
 */
export interface Writers {
  /** Sends the request as soon as a connection is free. */
  send(request: string): void
  /** Resolves when every request was answered. */
  finish(): Promise<void>
  readonly answered: number
}

export async function openWriters(
  port: number,
  count: number,
  onAnswer: () => void = () => {},
): Promise<Writers> {
  const idle: Bun.Socket[] = []
  const line: string[] = []
  let sent = 0
  let answered = 0
  const sockets: Bun.Socket[] = []
  const closed: string[] = []
  for (let i = 0; i < count; i++)
    sockets.push(
      await Bun.connect({
        hostname: '127.0.0.1',
        port,
        socket: {
          data: (socket) => {
            answered++
            const next = line.shift()
            if (next === undefined) idle.push(socket)
            else socket.write(next)
            onAnswer()
          },
          close: () => {
            if (answered < sent) closed.push('a writer was cut off')
          },
        },
      }),
    )
  idle.push(...sockets)
  return {
    send: (request) => {
      sent++
      // The one that waited for longest, so that none of them idles until the server closes it.
      const socket = idle.shift()
      if (socket) socket.write(request)
      else line.push(request)
    },
    finish: async () => {
      const deadline = performance.now() + 20_000
      while (answered < sent && closed.length === 0 && performance.now() < deadline) await Bun.sleep(2)
      for (const socket of sockets) socket.end()
      if (answered < sent) throw new Error(closed[0] ?? `${sent - answered} posts were not answered`)
    },
    get answered() {
      return answered
    },
  }
}
