import openapiTS, { astToString, type OpenAPI3 } from 'openapi-typescript'

interface Described {
  readonly paths: Record<string, Record<string, { responses: Record<string, unknown> }>>
}

/**
 * Returns the types of @synapse/client for an API description. Refusals are left out, because all have the shape of
 * SynapseError.
 */
export async function apiTypes(description: object): Promise<string> {
  const document = structuredClone(description) as Described
  for (const methods of Object.values(document.paths))
    for (const operation of Object.values(methods))
      operation.responses = Object.fromEntries(
        Object.entries(operation.responses).filter(([status]) => status.startsWith('2')),
      )
  const types = astToString(await openapiTS(document as unknown as OpenAPI3))
  return `// The types of docs/api/openapi.json, written by \`bun run generate\`.\n${types}`
}
