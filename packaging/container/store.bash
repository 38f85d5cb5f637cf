# Images of these scripts are in a store of their own, target/container/store, whose driver needs neither overlays nor a
# namespace: so it works inside of another container, and nothing of the machine's own store is touched.
# shellcheck shell=bash
store=(--root "$PWD/target/container/store" --runroot "$PWD/target/container/run" --storage-driver vfs)
buildah() { BUILDAH_FORMAT=docker command buildah "${store[@]}" "$@"; }
podman() { command podman "${store[@]}" --cgroup-manager cgroupfs "$@"; }
