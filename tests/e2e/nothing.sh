#!/bin/sh
# nothing.sh BUILD PYTHON: where nothing is recorded, `run` says why, and `env` prints what to do instead.
set -eu
case $1 in /*) build=$1 ;; *) build=$PWD/$1 ;; esac
case $2 in /*) python=$2 ;; *) python=$PWD/$2 ;; esac
shapebox=$build/shapebox
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
bad=0

complain() {
	echo "$*"
	bad=$((bad + 1))
}

# says TEXT COMMAND...: run records nothing, names TEXT on standard error, and leaves nothing behind.
says() {
	text=$1
	shift
	"$shapebox" run -- "$@" >out 2>err || :
	grep -q -F -e "nothing recorded: " err && grep -q -F -e "$text" err || {
		complain "run -- $*: expected to say: $text"
		cat err
	}
	[ -z "$(ls -d shapebox-* 2>/dev/null)" ] || complain "run -- $*: left something: $(ls -d shapebox-*)"
}

says "loaded torch" /bin/true
says "ran an operation of torch" "$python" -c pass
says "env -i shapebox run" sh -c 'env -i /bin/true'
says "without LD_PRELOAD" "$python" -c 'import subprocess; subprocess.run(["/bin/true"], env={})'
# A command by that name will do: it is never asked what it is.
mkdir bin
for name in ssh docker sbatch ray; do
	printf '#!/bin/sh\n' >bin/$name
	chmod +x bin/$name
done
says "ssh HOST shapebox run" sh -c 'bin/ssh host true; :'
says "env --for docker" sh -c 'bin/docker run x; :'
says "env --for slurm" bin/sbatch job
says "env --for ray" sh -c 'bin/ray job submit; :'
cp "$(command -v sleep)" owned
if chmod u+s owned 2>/dev/null && [ -u owned ]; then says "setuid" ./owned 0; fi
printf 'int main(void) { return 0; }\n' >still.c
if gcc -static -o still still.c 2>/dev/null; then says "statically linked" ./still; else echo "skipped: no static libc to link with"; fi
# By its loader's name alone; it is glibc's, under another.
cp /lib64/ld-linux-x86-64.so.2 ld-musl-x86_64.so.1
if gcc -o small still.c -Wl,--dynamic-linker="$work/ld-musl-x86_64.so.1" 2>/dev/null; then says "linked with musl" ./small; fi

# A library that the loader refuses costs the recording, not the run.
mkdir -p prefix/bin prefix/lib
cp "$shapebox" prefix/bin/
refused() { # TEXT COMMAND...: the command runs, and TEXT is said
	text=$1
	shift
	"$@" prefix/bin/shapebox run -- echo ran >out 2>err || complain "$text: status $?"
	grep -q -x ran out && grep -q 'running without recording: ' err && grep -q -F -e "$text" err || { complain "not said: $text"; cat err; }
}
refused "libshapebox.so is neither in" env
echo text >prefix/lib/libshapebox.so
refused "cannot be preloaded" env
if unshare --user --map-root-user --mount true 2>/dev/null; then
	refused "failed to map segment" unshare --user --map-root-user --mount sh -ec 'mount -t tmpfs -o noexec tmpfs prefix/lib
		cp '"'$build'"'/libshapebox.so prefix/lib/
		"$@"' sh
else
	echo "skipped: a library on a noexec file system (no mount namespaces here)"
fi

# env: what it prints works where it is put.
printed=$(cd "$work" && eval "$("$shapebox" env --output 'my trace' --size 64M --no-summaries)" && printenv SHAPEBOX_OUTPUT SHAPEBOX_SIZE SHAPEBOX_SUMMARIES)
[ "$printed" = "$(printf '%s/my trace\n64M\n0' "$work")" ] || complain "env for sh: $printed"
"$shapebox" env --for ray 2>err | "$python" -c '
import json, os, sys
variables = json.load(sys.stdin)["env_vars"]
assert os.path.exists(variables["LD_PRELOAD"]), variables
assert variables["SHAPEBOX_OUTPUT"].startswith("/"), variables' || complain "env for ray"
"$shapebox" env --for k8s | grep -q '^- name: LD_PRELOAD$' || complain "env for k8s"
"$shapebox" env --for docker | grep -q -e "-v $build/libshapebox.so:$build/libshapebox.so:ro" || complain "env for docker"
# Docker gets whole words, whatever is in them: by eval, which a line on standard error asks for, and without it where nothing needs quotes.
printf '#!/bin/sh\nprintf "%%s\\n" "$@"\n' >bin/docker
eval "bin/docker run $("$shapebox" env --for docker --output "my trace's/one" 2>err) IMAGE" >words
grep -q -x -F -e "SHAPEBOX_OUTPUT=$work/my trace's/one" words && grep -q -x -F -e "$work/my trace's:$work/my trace's" words &&
	[ "$(tail -n 1 words)" = IMAGE ] && grep -q 'eval "docker run' err || { complain "env for docker with spaces"; cat words err; }
bin/docker run $("$shapebox" env --for docker --output /trace 2>err) IMAGE >words
grep -q -x -F -e /trace:/trace words && [ ! -s err ] || { complain "env for docker, at the root"; cat words err; }
"$shapebox" env --for slurm | grep -q '^export LD_PRELOAD=' || complain "env for slurm"
"$shapebox" env --for deepspeed 2>err | grep -q '^LD_PRELOAD=' || complain "env for deepspeed"
status=0
"$shapebox" env --for nowhere >out 2>err || status=$?
[ "$status" = 2 ] && grep -q nowhere err || complain "env for nowhere: status $status"

[ "$bad" = 0 ]
