# Images of these scripts are in a store of their own, target/container/store, whose driver needs neither overlays nor a
# namespace: so it works inside of another container, and nothing of the machine's own store is touched.
# shellcheck shell=bash
store=(--root "$PWD/target/container/store" --runroot "$PWD/target/container/run" --storage-driver vfs)
buildah() { BUILDAH_FORMAT=docker command buildah "${store[@]}" "$@"; }
# podman has one of its own, since it keeps records beside the images.
podman() {
  command podman --root "$PWD/target/container/podman" --runroot "$PWD/target/container/podman-run" --storage-driver vfs \
    --cgroup-manager cgroupfs --runtime "${PODMAN_RUNTIME:-crun}" "$@"
}
