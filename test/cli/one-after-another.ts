// Runs command lines in one process, each as the executable would: JSON arrays on stdin, one per line. After the stderr of
// each command comes its exit code between two null characters. For tests in which stdout cannot be written.
import { dispatch } from '../../src/cli/dispatch'

const lines = (await Bun.stdin.text()).split('\n').filter((line) => line !== '')
for (const line of lines) {
  // The test writes these lines itself.
  const code = await dispatch(JSON.parse(line) as string[])
  process.stderr.write(`\0${code}\0`)
}
process.exit(0)
