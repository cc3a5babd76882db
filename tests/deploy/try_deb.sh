#!/bin/sh
# Judge a package for Debian with lintian; then install, upgrade, remove and purge it in a fresh Debian in a
# temporary folder, without a network: try_deb.sh FILE.deb. As root; takes lintian and debootstrap from apt.
set -eu

fail() { echo "try_deb: $*" >&2; exit 1; }

inside() { LC_ALL=C DEBIAN_FRONTEND=noninteractive chroot "$root" "$@"; }

# What must be so after each step. Runs in namespaces of its own, so no traffic leaves it.
try() {
    mount -t proc proc "$root/proc"
    ip link set lo up
    configuration=/etc/pantau/checks.yaml

    inside dpkg --install /tmp/pantau.deb
    inside pantau validate --config $configuration || fail "the installed configuration is refused"
    [ ! -e "$root/etc/systemd/system/multi-user.target.wants/pantau.service" ] || fail "it was enabled"
    printf 'resolver: {nameservers: ["127.0.0.1:53"], timeout: 500ms}\nself_check: {targets: ["127.0.0.1:9"]}\n' \
        >>"$root/etc/pantau/config/monitor.yaml"
    # Nothing answers for a resolver here, and that is the one fault that doctor may find.
    findings=$(inside pantau doctor --output csv --config $configuration || true)
    echo "$findings"
    [ "$(echo "$findings" | grep -c '^fault,')" = "$(echo "$findings" | grep -c '^fault,resolver')" ] || fail "doctor found a fault"
    echo "$findings" | grep -q '^fine,config' || fail "doctor did not look"

    inside dpkg --install --force-confold /tmp/pantau.deb
    grep -q nameservers "$root/etc/pantau/config/monitor.yaml" || fail "an upgrade lost a change"

    mkdir -p "$root/var/lib/private/pantau"
    inside dpkg --remove pantau
    [ ! -e "$root/opt/pantau" ] || fail "removing left the program"
    [ -e "$root$configuration" ] || fail "removing took the configuration"
    inside dpkg --purge pantau
    [ ! -e "$root/etc/pantau" ] || fail "purging left the configuration: $(find "$root/etc/pantau")"
    [ -d "$root/var/lib/private/pantau" ] || fail "purging took the record"
    echo "The package installs, upgrades, and goes."
}

if [ "${2:-}" = inside ]; then
    root=$1
    try
    exit
fi

package=$1
for program in lintian debootstrap; do
    command -v $program >/dev/null || apt-get -qq install --yes --no-install-recommends $program >/dev/null
done
lintian --fail-on error,warning --allow-root "$package"
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
# shellcheck disable=SC1091  # it is Debian's
debootstrap --variant=minbase --include=ca-certificates,libstdc++6,procps,python3 \
    "$(. /etc/os-release && echo "$VERSION_CODENAME")" "$root" >"$root.log" || fail "debootstrap: see $root.log"
rm "$root.log"
cp "$package" "$root/tmp/pantau.deb"
unshare --net --mount --pid --fork sh "$0" "$root" inside
