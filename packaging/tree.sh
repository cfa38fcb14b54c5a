#!/bin/sh
# tree.sh BUILD FOLDER: what is installed, as it lies below a prefix: command, library, manual page, completions.
# Wheel, Debian package and `build.sh install` are made from it.
set -eu
build=$1
folder=$2
rm -rf "$folder"
mkdir -p "$folder/bin" "$folder/lib/shapebox" "$folder/share/man/man1" "$folder/share/bash-completion/completions" \
	"$folder/share/zsh/site-functions" "$folder/share/fish/vendor_completions.d"
cp "$build/shapebox" "$folder/bin/shapebox"
cp "$build/libshapebox.so" "$folder/lib/shapebox/libshapebox.so"
strip --strip-unneeded "$folder/bin/shapebox" "$folder/lib/shapebox/libshapebox.so"
chmod 755 "$folder/bin/shapebox"
chmod 644 "$folder/lib/shapebox/libshapebox.so"
"$build/shapebox" help --man >"$folder/share/man/man1/shapebox.1"
"$build/shapebox" completion bash >"$folder/share/bash-completion/completions/shapebox"
"$build/shapebox" completion zsh >"$folder/share/zsh/site-functions/_shapebox"
"$build/shapebox" completion fish >"$folder/share/fish/vendor_completions.d/shapebox.fish"
