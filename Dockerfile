# Synapse in a container: the executable on a slim Debian, as user 10001, with all its data in one volume.
#
#   docker build -t synapse .
#   docker run --init -d --name synapse -p 127.0.0.1:8080:8080 -v synapse:/var/lib/synapse synapse
#   docker exec synapse synapse quickstart --yes
#
# docker-compose.yml does the same for docker compose. The final image needs no shell and no package, so BASE may be any
# image with glibc.
ARG BASE=debian:bookworm-slim

# Builds on the native platform for the requested platform, without emulation.
FROM --platform=$BUILDPLATFORM node:22-bookworm-slim AS build
WORKDIR /synapse
# npm downloads the pinned Bun. The packages stay cached while these files do not change.
COPY package.json bun.lock bunfig.toml ./
COPY packages/client/package.json packages/client/
COPY patches patches
COPY scripts/toolchain.sh scripts/
RUN ROOT=/synapse PROGRAM=build && . scripts/toolchain.sh && use_toolchain run
COPY . .
ARG TARGETARCH
RUN ROOT=/synapse PROGRAM=build && . scripts/toolchain.sh && use_toolchain run \
  && case $TARGETARCH in amd64) arch=x64 ;; *) arch=$TARGETARCH ;; esac \
  && "$BUN" scripts/build.ts ${arch:+--target "bun-linux-$arch"} --outfile /image/usr/local/bin/synapse \
  && mkdir -m 700 /home-of-synapse

FROM $BASE
COPY --from=build /image/ /
# A new volume gets its owner and mode from this directory.
COPY --from=build --chown=10001:10001 --chmod=700 /home-of-synapse /var/lib/synapse
# Backups are stored here. Mount your own folder, or they are lost with the container.
COPY --from=build --chown=10001:10001 --chmod=700 /home-of-synapse /var/lib/synapse-backups

# The network of the container protects the server: the published ports decide who can reach it.
ENV SYNAPSE_HOME=/var/lib/synapse SYNAPSE_HOST=0.0.0.0 SYNAPSE_ALLOW_PUBLIC_BIND=1
USER 10001:10001
VOLUME /var/lib/synapse
EXPOSE 8080
STOPSIGNAL SIGTERM

# Requests /healthz at the address in the server's run file. BUN_BE_BUN lets the executable run a line of code, so the
# image needs neither curl nor a shell.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 CMD ["/usr/bin/env", "BUN_BE_BUN=1", \
  "/usr/local/bin/synapse", "-e", \
  "const { urls } = await Bun.file(process.env.SYNAPSE_HOME + '/run/synapse.json').json(); process.exit((await fetch(urls[0] + '/healthz')).ok ? 0 : 1)"]

ENTRYPOINT ["/usr/local/bin/synapse"]
CMD ["serve", "--foreground"]
