/**
 * The MCP surface: eight tools for models at POST /mcp, stateless (docs/contract/mcp.md). The official SDK speaks the
 * protocol (protocol.ts); each tool makes requests to v1, so it passes the checks of v1 and has none of its own.
 * Imports the core, the shared files of http/ and the SDK, which is loaded by the first request.
 * Start reading at endpoint.ts, then tools/tool.ts and tools/post.ts.
 */
import { corsFor } from '../cors'
import type { Surface } from '../surface'
import { mcpCredentials } from './credentials'
import { mcpEndpoint } from './endpoint'
import { renderMcpError, renderMcpUnknown } from './errors'

export const mcp: Surface = {
  name: 'mcp',
  prefixes: ['/mcp'],
  features: ['mcp'],
  isOn: (settings) => settings.get('mcp.enabled'),
  endpoints: (app) => [mcpEndpoint(app)],
  renderError: renderMcpError,
  renderUnknown: renderMcpUnknown,
  credentials: mcpCredentials,
  cors: corsFor(['mcp-protocol-version', 'mcp-method', 'mcp-name']),
}
