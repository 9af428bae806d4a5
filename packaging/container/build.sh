#!/bin/sh
# Build the image with podman, docker or buildah: packaging/container/build.sh [TAG]
set -eu
cd "$(dirname "$0")/../.."
tag=${1:-ingestd}
for builder in podman docker buildah; do
    if command -v "$builder" >/dev/null; then
        exec "$builder" build -t "$tag" -f packaging/container/Containerfile .
    fi
done
echo "found no podman, docker or buildah; install one of them" >&2
exit 1
