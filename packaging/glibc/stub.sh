#!/bin/sh
# stub.sh CC OLDEST FOLDER: make FOLDER/libc.so.6, libm.so.6, libdl.so.2 and libpthread.so.0 to link against, in place of
# this machine's. They hold no code: the names and versions that this machine's glibc shares with glibc OLDEST (2.28).
#
# Why: a linker takes the newest version of each name that it finds. What is linked naively on glibc 2.36 asks for
# GLIBC_2.34, and on an older machine the loader refuses it: a preloaded library would end every process with status 1.
# glibc keeps every old version of a name for ever, so what has one of OLDEST or older is there in OLDEST, too. A name
# that is newer is left out: whoever uses it gets an error from the linker, here, not from a user's machine.
#
# Names that were in libdl and libpthread then, and are in libc now, are given under libc: a loader asks only whether a
# library has a version, not which name is in which. The two are made empty, so that an old loader brings the real ones.
set -eu
[ $# -eq 3 ] || { echo "usage: stub.sh CC OLDEST FOLDER" >&2; exit 2; }
compiler=$1
oldest=$2
folder=$3
mkdir -p "$folder"

# In librt, libanl, libutil then, and in libc now: we don't load these.
elsewhere='^(aio_|lio_|mq_|timer_|shm_|gai_|getaddrinfo_a$|openpty$|forkpty$|login|logout)'

make_stub() { # NAME
	real=$($compiler -print-file-name="$1")
	case $real in /*) ;; *) echo "stub.sh: no $1 here" >&2; exit 1 ;; esac
	readelf --dyn-syms -W "$real" | awk -v oldest="$oldest" -v elsewhere="$elsewhere" -v assembly="$folder/$1.s" -v script="$folder/$1.map" '
		function number(version,   part) { # 2.3.4 -> 2003004
			split(version, part, ".")
			return part[1] * 1000000 + part[2] * 1000 + part[3]
		}
		$7 != "UND" && $7 != "ABS" && ($4 == "FUNC" || $4 == "IFUNC" || $4 == "OBJECT") && $8 ~ /@@?GLIBC_[0-9.]+$/ {
			name = version = $8
			sub(/@.*/, "", name)
			sub(/.*@GLIBC_/, "", version)
			if (number(version) > number(oldest) || name ~ elsewhere)
				next
			if (!(name in best) || number(version) > number(best[name])) {
				best[name] = version
				kind[name] = $4 == "OBJECT" ? "object" : "function"
				size[name] = $3 ~ /^0x/ ? 8 : $3
			}
		}
		END {
			for (name in best) {
				printf ".globl %s\n.type %s, @%s\n", name, name, kind[name] >assembly
				if (kind[name] == "object")
					printf ".bss\n.balign 32\n%s: .zero %d\n.size %s, %d\n", name, size[name], name, size[name] >assembly
				else
					printf ".text\n%s: .byte 0\n", name >assembly
				names[best[name]] = names[best[name]] " " name ";"
			}
			for (version in names)
				printf "GLIBC_%s { global:%s };\n", version, names[version] >script
		}'
	[ -s "$folder/$1.map" ] || { echo "stub.sh: nothing read from $real" >&2; exit 1; }
	printf '.section .note.GNU-stack,"",@progbits\n' >>"$folder/$1.s"
	$compiler -shared -nostdlib -Wl,-soname,"$1" -Wl,--version-script,"$folder/$1.map" -o "$folder/$1" "$folder/$1.s"
}

make_stub libc.so.6
make_stub libm.so.6
for name in libdl.so.2 libpthread.so.0; do
	printf '.section .note.GNU-stack,"",@progbits\n' >"$folder/$name.s"
	$compiler -shared -nostdlib -Wl,-soname,"$name" -o "$folder/$name" "$folder/$name.s"
done
