#!/bin/sh
# deb.sh PACKAGE: what the Debian package unpacks to works, and lintian (where there is one) has nothing to say.
set -eu
package=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

dpkg-deb -x "$package" "$work/root"
[ "$(dpkg-deb -f "$package" Package)" = shapebox ] || { echo "the package has another name"; exit 1; }
"$work/root/usr/bin/shapebox" --version >"$work/version"
grep -q "^shapebox $(dpkg-deb -f "$package" Version) " "$work/version" || { echo "package and command have different versions:"; cat "$work/version"; exit 1; }
"$work/root/usr/bin/shapebox" run --output "$work/trace" -- sh -c 'echo "$LD_PRELOAD"' >"$work/preload" 2>"$work/err"
grep -q 'root/usr/lib/shapebox/libshapebox.so' "$work/preload" || { echo "the command doesn't find its library:"; cat "$work/preload" "$work/err"; exit 1; }
(cd "$work/root" && md5sum --quiet -c) <<TEXT || { echo "md5sums is wrong"; exit 1; }
$(dpkg-deb --ctrl-tarfile "$package" | tar -xO ./md5sums)
TEXT
if command -v lintian >/dev/null 2>&1; then
	lintian --fail-on error,warning "$package"
fi
