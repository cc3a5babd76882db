#!/bin/sh
# Build dist/pantau_VERSION_ARCHITECTURE.deb: the wheel and what it needs in /opt/pantau, for the Python of
# the Debian that this runs on. `make deb` calls it. Takes PIP, the pip of an environment that has hatchling.
set -eu
cd "$(dirname "$0")/../.."
umask 022

here=deploy/debian
python=/usr/bin/python3
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' pyproject.toml)
architecture=$(dpkg --print-architecture)
minor=$("$python" -c 'import sys; print(sys.version_info.minor)')
[ "$minor" -ge 11 ] || { echo "$python is older than 3.11: build on Debian 12 or newer." >&2; exit 1; }
# Files have the time of the commit, not of the build.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH

work=build/deb
root=$work/root
rm -rf "$work"
mkdir -p "$root/opt" "$work/wheel" dist

# The program, as everybody installs it.
"$PIP" wheel --quiet --no-deps --no-build-isolation --wheel-dir "$work/wheel" .
"$python" -m venv --without-pip "$root/opt/pantau"
pip() { "$PIP" --disable-pip-version-check --python "$root/opt/pantau/bin/python" "$@"; }
pip install --quiet --no-compile --require-hashes --requirement requirements-run.lock
pip install --quiet --no-compile --no-index --no-deps "$work"/wheel/*.whl
pip uninstall --quiet --yes hatchling

# One command is enough, and it is to forget where it was built.
find "$root/opt/pantau/bin" -mindepth 1 ! -name pantau ! -name 'python*' -delete
sed -i "s|$PWD/$root||g" "$root/opt/pantau/bin/pantau" "$root/opt/pantau/pyvenv.cfg"
find "$root" -name direct_url.json -delete
find "$root/opt/pantau" -name __pycache__ -type d -prune -exec rm -rf {} +
find "$root/opt" -type d -exec chmod 755 {} +
find "$root/opt" -type f -exec chmod u=rwX,go=rX {} +

# What Debian has elsewhere.
put() { install -D --mode="$1" "$2" "$root/$3"; }
install -d "$root/usr/bin"
ln -s /opt/pantau/bin/pantau "$root/usr/bin/pantau"
put 644 deploy/systemd/pantau.service lib/systemd/system/pantau.service
put 644 deploy/sysctl/60-pantau.conf usr/lib/sysctl.d/60-pantau.conf
put 644 deploy/systemd/credentials.conf usr/share/doc/pantau/examples/credentials.conf
put 644 checks.yaml usr/share/doc/pantau/examples/checks.yaml
# Only what is shipped: what somebody wrote beside it is theirs.
for file in $(git ls-files 'config/*.y*ml' 'config/services/*'); do
    put 644 "$file" "usr/share/doc/pantau/examples/$file"
done
put 644 $here/etc/checks.yaml etc/pantau/checks.yaml
put 644 $here/etc/config/monitor.yaml etc/pantau/config/monitor.yaml
install -d --mode=700 "$root/etc/pantau/secrets"
put 644 $here/copyright usr/share/doc/pantau/copyright
put 644 $here/lintian-overrides usr/share/lintian/overrides/pantau
PYTHONPATH="$root/opt/pantau/lib/python3.$minor/site-packages" "$python" -B $here/manpage.py "$version" >"$work/pantau.1"
put 644 "$work/pantau.1" usr/share/man/man1/pantau.1
cat >"$work/changelog" <<END
pantau ($version) unstable; urgency=medium

  * See CHANGELOG.md of the project.

 -- The Pantau authors <pantau@localhost>  $(LC_ALL=C date --utc --date="@$SOURCE_DATE_EPOCH" '+%a, %d %b %Y %H:%M:%S +0000')
END
put 644 "$work/changelog" usr/share/doc/pantau/changelog
gzip -9n "$root/usr/share/doc/pantau/changelog" "$root/usr/share/man/man1/pantau.1"

# What dpkg wants to know.
control=$root/DEBIAN
install -d "$control"
for script in postinst prerm postrm; do
    install --mode=755 "$here/$script" "$control/$script"
done
(cd "$root" && find etc -type f | sort | sed 's|^|/|') >"$control/conffiles"
(cd "$root" && find . -type f ! -path './DEBIAN/*' ! -path './etc/*' -printf '%P\0' | sort -z | xargs -0 md5sum) >"$control/md5sums"
sed -e "s/@VERSION@/$version/; s/@ARCHITECTURE@/$architecture/; s/@PYTHON@/3.$minor/; s/@NEXT@/3.$((minor + 1))/" \
    -e "s/@SIZE@/$(du --apparent-size -sk "$root" | cut -f1)/" $here/control >"$control/control"
find "$root" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
dpkg-deb --root-owner-group -Zxz --build "$root" "dist/pantau_${version}_$architecture.deb"
