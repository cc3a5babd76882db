#!/bin/sh
# Bring in the programs of others that tests run against: servers, clients and compilers from Debian.
# As root on Debian they are installed, and none is started. Elsewhere one line says what is missing;
# the tests that need it are skipped, or fail with REQUIRE_PEERS=1.
set -eu

# what to look for    the package that holds it
PEERS='
nginx                       nginx-light
knotd                       knot
kdig                        knot-dnsutils
unbound                     unbound
promtool                    prometheus
prometheus-alertmanager     prometheus-alertmanager
amtool                      prometheus-alertmanager
prometheus-blackbox-exporter prometheus-blackbox-exporter
tinyproxy                   tinyproxy-bin
dovecot                     dovecot-imapd
/usr/lib/dovecot/pop3       dovecot-pop3d
/usr/lib/dovecot/managesieve dovecot-managesieved
postfix                     postfix
sshd                        openssh-server
slapd                       slapd
redis-server                redis-server
mariadbd                    mariadb-server-core
prosody                     prosody
vsftpd                      vsftpd
strace                      strace
systemd-analyze             systemd
initdb                      postgresql
ip                          iproute2
nft                         nftables
chronyd                     chrony
snmpd                       snmpd
curl                        curl
wrk                         wrk
openssl                     openssl
qpdf                        qpdf
pdfsig                      poppler-utils
pdffonts                    poppler-utils
pdftotext                   poppler-utils
gcc                         gcc
/usr/include/stdlib.h       libc6-dev
/usr/include/openssl/ssl.h  libssl-dev
'
# Debian keeps PostgreSQL's programs of each version apart.
PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin:$(echo /usr/lib/postgresql/*/bin | tr ' ' ':')"
POLICY=/usr/sbin/policy-rc.d

missing() {
    echo "$PEERS" | while read -r wanted package; do
        case "$wanted" in
            '') ;;
            # shellcheck disable=SC2086  # a pattern
            /*) [ -e $wanted ] || echo "$package" ;;
            *) command -v "$wanted" >/dev/null || echo "$package" ;;
        esac
    done | sort -u | tr '\n' ' '
}

can_install() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null
}

# Debian starts what it installs, unless this file says that the action is not allowed.
without_starting() {
    if [ ! -e "$POLICY" ]; then
        trap 'rm -f "$POLICY"' EXIT
        printf '#!/bin/sh\nexit 101\n' >"$POLICY"
        chmod 755 "$POLICY"
    fi
    "$@"
}

install() {
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq update &&
        without_starting apt-get -qq install --yes --no-install-recommends "$@" >/dev/null
}

packages=$(missing)
[ -n "$packages" ] || exit 0
if can_install; then
    echo "Installing for the tests: $packages"
    # shellcheck disable=SC2086  # a list of words
    install $packages || true
fi

packages=$(missing)
[ -n "$packages" ] || exit 0
echo "Missing, so the tests that need them are skipped: $packages" >&2
[ "${REQUIRE_PEERS:-0}" != 1 ]
