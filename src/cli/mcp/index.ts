// `synapse mcp`: lets MCP clients that start a program use a server, by forwarding what they say to /mcp.
// May import: what the commands of a client may. It calls /mcp itself, because messages pass through unchanged.
// bridge.ts forwards messages, endpoint.ts sends one to the server. Start reading in bridge.ts.
import { createInterface } from 'node:readline'
import { clientArgs, configOf, tokenOf } from '../client'
import { command } from '../lib/command'
import { note, print } from '../lib/terminal'
import { Bridge } from './bridge'
import { McpEndpoint } from './endpoint'

/** How long a request that is under way may take after the client has closed stdin. */
const FINISH_WITHIN_MS = 2000

const { json: _, ...args } = clientArgs

export const mcp = command({
  args,
  notes: [
    'Speaks the Model Context Protocol over stdin and stdout, for clients that start a program. Clients that speak HTTP need no',
    'bridge: their address is <server>/mcp. Problems with the connection are written to stderr. The token is read from the',
    'files and the environment, and again when the server refuses it; it is never an argument.',
    '',
    'Claude Code:',
    '  claude mcp add synapse -- synapse mcp --url http://127.0.0.1:8080 --handle assistant',
    'Claude Desktop, Cursor, Windsurf and others (claude_desktop_config.json, ~/.cursor/mcp.json, …):',
    '  {"mcpServers": {"synapse": {"command": "synapse",',
    '    "args": ["mcp", "--url", "http://127.0.0.1:8080", "--handle", "assistant"]}}}',
    'VS Code (.vscode/mcp.json):',
    '  {"servers": {"synapse": {"type": "stdio", "command": "synapse",',
    '    "args": ["mcp", "--url", "http://127.0.0.1:8080", "--handle", "assistant"]}}}',
    'Codex (~/.codex/config.toml):',
    '  [mcp_servers.synapse]',
    '  command = "synapse"',
    '  args = ["mcp", "--url", "http://127.0.0.1:8080", "--handle", "assistant"]',
  ],
  examples: ['synapse mcp', 'synapse mcp --url http://127.0.0.1:8080 --handle assistant'],
  async run({ args }) {
    const credential = () => {
      const config = configOf(args)
      return { token: tokenOf(config), from: config.credential?.from ?? '' }
    }
    // Without a token, the client is told at once.
    const first = credential()
    const { url, credential: kept } = configOf(args)
    if (kept?.isOpen === true) note(`other users can read the token: chmod 600 ${kept.from}`)
    const endpoint = new McpEndpoint({ url: `${url}/mcp`, first, credential, note })
    if (process.stdin.isTTY)
      note('an MCP client is expected on stdin; synapse mcp --help shows how to set one up')
    const lines = createInterface({ input: process.stdin })
    const bridge = new Bridge(endpoint, (line) => {
      // The client has gone.
      if (!print(line)) lines.close()
    })
    for await (const line of lines) bridge.take(line)
    await Promise.race([bridge.rest(), Bun.sleep(FINISH_WITHIN_MS)])
    return undefined
  },
})
