#!/bin/sh
# deb.sh TREE VERSION LICENCE FOLDER: put TREE (made by tree.sh) into a Debian package in FOLDER, and print its path.
set -eu
tree=$1
version=$2
folder=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/shapebox
maintainer='shapebox maintainers <maintainers@shapebox.invalid>'

mkdir -p "$root/usr" "$root/DEBIAN" "$root/usr/share/doc/shapebox"
cp -R "$tree/." "$root/usr/"
mkdir -p "$root/usr/share/zsh/vendor-completions"
mv "$root/usr/share/zsh/site-functions/_shapebox" "$root/usr/share/zsh/vendor-completions/_shapebox"
rmdir "$root/usr/share/zsh/site-functions"
gzip -9n "$root/usr/share/man/man1/shapebox.1"

cat >"$root/usr/share/doc/shapebox/copyright" <<TEXT
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: shapebox

Files: *
Copyright: the shapebox authors
License: Apache-2.0
 On Debian systems, the text of this licence is in /usr/share/common-licenses/Apache-2.0.
Comment: The command contains SQLite (public domain), Jansson (MIT licence, copyright Petri Lehtinen and
 contributors) and zlib (zlib licence, copyright Jean-loup Gailly and Mark Adler).
TEXT
mkdir -p "$root/usr/share/lintian/overrides"
cat >"$root/usr/share/lintian/overrides/shapebox" <<TEXT
# One file that runs on every distribution since glibc 2.28: the libraries that it uses are in it.
shapebox: embedded-library zlib *
TEXT
printf 'shapebox (%s) unstable; urgency=medium\n\n  * This version. The history is in the repository.\n\n -- %s  %s\n' \
	"$version" "$maintainer" "$(date -R -d "@${SOURCE_DATE_EPOCH:-$(date +%s)}")" |
	gzip -9n >"$root/usr/share/doc/shapebox/changelog.gz"

cat >"$root/DEBIAN/control" <<TEXT
Package: shapebox
Version: $version
Architecture: amd64
Maintainer: $maintainer
Installed-Size: $(du -sk --apparent-size "$root/usr" | cut -f1)
Depends: libc6 (>= 2.28)
Section: devel
Priority: optional
Description: flight recorder for the shapes of PyTorch's tensors
 Put "shapebox run --" in front of a training command. After a failure
 "shapebox report" says which operation failed, on which rank, at which line,
 with which operands, where the wrong size came from, why, and what to change.
TEXT
find "$root" -type d -exec chmod 755 {} +
find "$root" -type f -exec chmod 644 {} +
chmod 755 "$root/usr/bin/shapebox"
(cd "$root" && find usr -type f -exec md5sum {} + | sort -k 2 >DEBIAN/md5sums)
mkdir -p "$folder"
package=$folder/shapebox_${version}_amd64.deb
dpkg-deb --root-owner-group -Zxz --build "$root" "$package" >/dev/null
printf '%s\n' "$package"
