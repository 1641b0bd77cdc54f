// Runs command lines in one process, each as the executable does: JSON arrays on stdin, one a line. Behind what each says on
// stderr stands its exit code, between two null characters. For tests of what becomes of their stdout.
import { dispatch } from '../../src/cli/dispatch'

const lines = (await Bun.stdin.text()).split('\n').filter((line) => line !== '')
for (const line of lines) {
  // What the test writes, and nobody else.
  const code = await dispatch(JSON.parse(line) as string[])
  process.stderr.write(`\0${code}\0`)
}
process.exit(0)
