import type { Host } from '../../core/kernel'
import { AppError } from '../../core/kernel/errors'
import { type Endpoint, endpoint } from '../endpoint'
import { Type, text } from '../schema'

const request = Type.Object({
  boot_id: text({ description: 'The `boot_id` in `GET /v1/health` of the run to stop' }),
})

const stopping = Type.Object({ boot_id: Type.String(), stopping: Type.Literal(true) })

/** Lets `synapse serve --stop` stop a server whose process id is not visible where the command runs. */
export function stopEndpoint(host: Host): Endpoint {
  return endpoint({
    method: 'POST',
    path: '/v1/admin/stop',
    who: 'admin',
    tag: 'Administration',
    summary: 'Stop the server that answers; local operator only',
    body: request,
    answers: { 202: { description: 'It stops after answering the requests in flight', schema: stopping } },
    refusals: ['operator_only', 'other_run'],
    handle: ({ actor, body, once }) => {
      if (actor.via !== 'operator')
        throw new AppError('forbidden', 'operator_only', 'Only the local operator stops the server')
      return once(
        () => {
          if (body.boot_id !== host.process.bootId)
            throw new AppError('conflict', 'other_run', 'Another run of the server answers here', {
              fix: 'Look at /v1/health again',
            })
          host.process.requestStop()
        },
        () => ({ status: 202, json: { boot_id: body.boot_id, stopping: true } }),
      )
    },
  })
}
