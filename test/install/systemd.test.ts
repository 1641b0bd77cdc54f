import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryDirectory } from '../home/temporary'
import { canMakeMachines } from './machine'
import { theRelease } from './release'

setDefaultTimeout(120_000)

const { can, why } = canMakeMachines()
const obstacle = !can
  ? why
  : Bun.which('systemd-nspawn') === null
    ? 'systemd-nspawn is not installed'
    : existsSync('/run/systemd/system')
      ? 'systemd runs on this machine'
      : undefined
if (obstacle !== undefined) console.log(`skipped: installing under a systemd that runs: ${obstacle}`)

/**
 * Runs the script as root under a new systemd, on a copy of this machine with the release in /release; returns what it
 * printed.
 */
async function underSystemd(release: string, script: string): Promise<string> {
  using directory = temporaryDirectory()
  const own = directory.path
  await Bun.write(join(own, 'script'), script)
  await Bun.write(
    join(own, 'unit'),
    `[Unit]
After=basic.target
[Service]
Type=oneshot
TimeoutStartSec=60
Environment=HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
ExecStart=/bin/sh /script
StandardOutput=append:/output
StandardError=inherit
ExecStopPost=-/bin/sh -c 'systemctl poweroff --no-block 2>/dev/null'
`,
  )
  const boot = `
mkdir ${own}/upper ${own}/work ${own}/tree
mount -t overlay overlay -o lowerdir=/,upperdir=${own}/upper,workdir=${own}/work ${own}/tree
mount -t tmpfs tmpfs /run
cp ${own}/script ${own}/tree/script
cp -r ${release} ${own}/tree/release
cp ${own}/unit ${own}/tree/etc/systemd/system/script.service
: >${own}/tree/etc/machine-id
exec timeout 90 systemd-nspawn --quiet --directory=${own}/tree --machine=synapse-test-${process.pid} --register=no \\
  --keep-unit --private-network --console=pipe --boot -- --unit=script.service`
  const child = Bun.spawn(['unshare', '--mount', '--propagation', 'private', 'sh', '-ec', boot], {
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'pipe',
  })
  const said = await new Response(child.stderr).text()
  await child.exited
  const output = join(own, 'upper/output')
  if (!existsSync(output)) throw new Error(`systemd did not come up: ${said}`)
  return readFileSync(output, 'utf8')
}

describe.skipIf(obstacle !== undefined)('install.sh under systemd', () => {
  test('under systemd the service is installed, hardened, restarted after a crash, upgraded and removed', async () => {
    const { folder } = await theRelease()
    const output = await underSystemd(
      folder,
      `
set -e
ip link set lo up
mkdir -p /etc/systemd/system/synapse.service.d
printf '[Service]\\nRestartSec=1\\n' >/etc/systemd/system/synapse.service.d/soon.conf
/release/install.sh
systemctl is-enabled synapse
synapse quickstart --yes --json >/quickstart
token=$(sed -n 's/.*"token": *"\\(syn_[^"]*\\)".*/\\1/p' /quickstart)
synapse config set rate.post off >/dev/null
# Enough of it for the compilers of the engine to come in.
for round in 1 2 3 4; do
  for message in $(seq 100); do
    [ "$message" = 1 ] || echo next
    printf 'url = http://127.0.0.1:8080/v1/messages\\nheader = "Authorization: Bearer %s"\\n' "$token"
    printf 'json = "{\\\\"channel\\\\":\\\\"general\\\\",\\\\"body\\\\":\\\\"m\\\\"}"\\nwrite-out = "posted %%{http_code}\\\\n"\\noutput = /dev/null\\n'
  done | curl -s -K - | sort | uniq -c
done | sort | uniq -c
kill -9 "$(systemctl show synapse -p MainPID --value)"
until [ "$(systemctl show synapse -p NRestarts --value)" = 1 ] && curl -fs http://127.0.0.1:8080/readyz; do sleep 0.2; done
echo
/release/install.sh
synapse list-channels | grep -c general
journalctl --no-pager -u synapse | grep -ciE 'operation not permitted|EPERM|seccomp' || true
/release/install.sh --uninstall --purge --yes
systemctl list-unit-files | grep -c synapse || true
grep -c '^synapse:' /etc/passwd || true
echo the end
`,
    )
    expect(output).toContain('Created symlink /etc/systemd/system/multi-user.target.wants/synapse.service')
    expect(output).toContain('http://127.0.0.1:8080/healthz answers\n')
    expect(output).toContain('  log       journalctl -u synapse\n')
    expect(output).toContain('\nenabled\n')
    expect(output).toMatch(/4 +100 posted 201\n/)
    expect(output).toContain('{"status":"ready"')
    expect(output).toContain('is synapse 1')
    expect(output).toContain('Removed "/etc/systemd/system/multi-user.target.wants/synapse.service"')
    expect(output).toMatch(/deleting data and backups\nyour drop-ins stay: .*\n0\n0\nthe end\n$/)
  })
})
