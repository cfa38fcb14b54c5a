#!/bin/sh
# wheel.sh WHEEL VENV PROGRAM: pip installs the wheel into a fresh virtual environment, and from there PROGRAM (which
# fails) is recorded and explained. PyTorch is that of VENV.
set -eu
wheel=$1
venv=$2
program=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$venv/bin/python" -m venv --without-pip "$work/fresh"
"$venv/bin/python" -m pip --python "$work/fresh/bin/python" --disable-pip-version-check install --quiet --no-index --no-deps "$wheel"
packages=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
echo "$packages" >"$work/fresh/$("$work/fresh/bin/python" -c 'import sys; print(f"lib/python{sys.version_info[0]}.{sys.version_info[1]}")')/site-packages/torch.pth"

for file in bin/shapebox lib/shapebox/libshapebox.so share/man/man1/shapebox.1 share/bash-completion/completions/shapebox; do
	[ -s "$work/fresh/$file" ] || { echo "the wheel didn't bring $file"; exit 1; }
done
cd "$work"
PATH=$work/fresh/bin:$PATH
export PATH HF_HUB_OFFLINE=1 OMP_NUM_THREADS=1
status=0
shapebox run --quiet --output trace -- python "$program" >out 2>err || status=$?
[ "$status" = 1 ] || { echo "the program was to end with status 1, not $status"; cat out err; exit 1; }
status=0
shapebox report trace >report || status=$?
if [ "$status" != 1 ] || ! grep -q '^FAILED' report || ! grep -q '^why ' report; then
	echo "the report from the wheel, status $status:"
	cat report
	exit 1
fi
"$venv/bin/python" -m pip --python "$work/fresh/bin/python" --disable-pip-version-check uninstall --quiet --yes shapebox
[ ! -e "$work/fresh/bin/shapebox" ] && [ ! -e "$work/fresh/lib/shapebox/libshapebox.so" ] || { echo "uninstalling leaves files"; exit 1; }
