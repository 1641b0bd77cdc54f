/** The thread that runs statements; see runner.ts. scripts/build.ts puts it into the executable. */
import { Runner } from './runner'

declare const self: Worker

const runner = new Runner()
self.onmessage = ({ data }) => postMessage(runner.answer(data))
