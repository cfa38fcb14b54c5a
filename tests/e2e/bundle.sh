#!/bin/sh
# bundle.sh BUILD PYTHON TRACE: TRACE, given an owner, a home and a host, as a bundle: its report is the trace's, nobody is named in it,
# every command that reads traces opens it, nothing is overwritten or left behind.
set -eu
build=$(cd "$1" && pwd)
shapebox=$build/shapebox
python=$2
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=0
wrong() { echo "$*"; bad=$((bad + 1)); }
cp -r "$3" "$work/trace"
cp -r "$3" "$work/plain"
cd "$work"
unset SHAPEBOX_LANG
mkdir tmp
export HOME=/home/quixote USER=quixote LOGNAME=quixote TMPDIR="$work/tmp"

# The trace of somebody: what stood below this folder stands below a home directory; and a user and a host in odd places.
top=$(for db in trace/*.db; do sqlite3 "$db" "SELECT substr(file, 1, instr(file, '/tests/programs/') - 1) FROM frame WHERE file LIKE '%/tests/programs/%' LIMIT 1"; done)
for db in trace/*.db; do # (a file is called after its process's role, host and pid)
	mv "$db" "trace/rank0-rocinante-${db##*-}"
done
for db in trace/*.db; do
	for column in frame.file note.text operand_form.value; do
		sqlite3 "$db" "UPDATE ${column%.*} SET ${column#*.} = replace(${column#*.}, '$top', '/home/quixote/la mancha')"
	done
	sqlite3 "$db" "UPDATE process SET host = 'rocinante.mancha.example'; UPDATE frame SET function = function || ' of quixote';
		INSERT INTO note (kind, time_ns, text) VALUES ('environment', 1, json('{\"env\":{\"MASTER_ADDR\":\"dulcinea\"},\"argv\":[\"/data/quixote/x\",\"--host=dulcinea\"]}'))"
done
sed "s|$top|/home/quixote/la mancha|g" trace/run.json >run.json && mv run.json trace/run.json
grep -q quixote trace/run.json || wrong "the test's trace names nobody"

"$shapebox" bundle trace >list || wrong "bundle: status $?"
[ -f trace.shapebox.tgz ] || wrong "no trace.shapebox.tgz: $(ls)"
mkdir unpacked
tar xzf trace.shapebox.tgz -C unpacked || wrong "tar can't unpack it"
for file in $(ls unpacked); do
	grep -q "^  $file " list || wrong "$file is not in the list"
done
[ -s unpacked/environment.md ] && grep -q 'PyTorch: [0-9]' unpacked/environment.md || wrong "no versions in environment.md"
for name in quixote rocinante mancha.example dulcinea; do
	ls unpacked | grep "$name" && wrong "$name is a file's name in the bundle"
	grep -r -a -l "$name" unpacked && wrong "$name is in the bundle"
done
for db in unpacked/*.db; do
	sqlite3 "$db" .dump | grep -i 'quixote\|rocinante\|dulcinea' && wrong "$db names somebody"
	[ "$(sqlite3 "$db" 'SELECT count(*) FROM frame WHERE file LIKE "/home/user/la mancha/%"')" -gt 0 ] || wrong "the paths are gone, not replaced"
done
[ "$(wc -c <trace.shapebox.tgz)" -lt 2000000 ] || wrong "the bundle takes $(wc -c <trace.shapebox.tgz) bytes"

# The report is the same, names apart; so is the page's.
replaced() { sed 's|/home/quixote|/home/user|g; s/rocinante\(\.mancha\.example\)*/host/g; s/dulcinea/host/g; s/quixote/user/g; s/host[0-9]*/host/g; s/trace\.shapebox\.tgz/trace/g; s/ended .* ago//; s/，.*前结束//'; }
for language in en zh; do
	"$shapebox" report trace --lang $language >report.$language || true
	"$shapebox" report trace.shapebox.tgz --lang $language >bundled.$language || true
	replaced <report.$language >a
	replaced <bundled.$language >b
	# (lines may wrap elsewhere)
	[ "$(tr -d ' \n' <a)" = "$(tr -d ' \n' <b)" ] || { wrong "the report in $language differs"; diff a b || true; }
done
"$shapebox" report trace --json | replaced >a.json || true
"$shapebox" report trace.shapebox.tgz --json | replaced >b.json || true
"$python" - <<'PYTHON' || wrong "the reports' JSON differs"
import json, sys
a, b = json.load(open("a.json")), json.load(open("b.json"))
sys.exit(a != b or not a["failure"]["causes"])
PYTHON
# The line of source goes with it, which others don't have.
"$shapebox" bundle plain >/dev/null || wrong "bundle: status $?"
rm -r plain
"$shapebox" report plain.shapebox.tgz --json | "$python" -c 'import json, sys; sys.exit(not json.load(sys.stdin)["failure"]["where"]["source"])' || wrong "no line of source"
"$shapebox" page trace.shapebox.tgz -o page.html >out && grep -q 'report as text' page.html || wrong "no page of the bundle"
grep -q quixote page.html && wrong "the page of the bundle names somebody"
"$shapebox" log trace --last 5 --json | replaced >a
"$shapebox" log trace.shapebox.tgz --last 5 --json | replaced >b
cmp -s a b || wrong "log differs"
"$shapebox" lineage event 100 --trace trace | replaced >a
"$shapebox" lineage trace.shapebox.tgz event 100 | replaced >b
cmp -s a b || wrong "lineage differs"
"$shapebox" diff trace trace.shapebox.tgz >out || true
grep -q 'the same operations in the same order' out || wrong "diff of a trace and its bundle: $(cat out)"

# Nothing is overwritten; --dry-run writes nothing; too small a limit is said.
before=$(cksum <trace.shapebox.tgz)
"$shapebox" bundle trace >out 2>err && wrong "a bundle overwrote another"
grep -q 'trace.shapebox.tgz' err && [ "$before" = "$(cksum <trace.shapebox.tgz)" ] || wrong "overwritten, or not said: $(cat err)"
"$shapebox" bundle trace -n -o dry.tgz >out || wrong "--dry-run: status $?"
[ ! -e dry.tgz ] && grep -q report.en.json out || wrong "--dry-run wrote, or didn't list"
"$shapebox" bundle trace.shapebox.tgz -o again.tgz 2>err && wrong "a bundle of a bundle"
"$shapebox" bundle trace --size 3 -o small.tgz >out 2>err && wrong "--size 3 was taken"

# Not a bundle, damaged, of another format, with a database that is none: one line, status 2.
echo hello | gzip >hello.tgz
head -c 3000 trace.shapebox.tgz >cut.tgz
mkdir odd
echo '{"bundle":99}' >odd/manifest.json
tar czf odd.tgz --format=ustar -C odd manifest.json
echo '{"bundle":1}' >odd/manifest.json
head -c 5000 /dev/urandom >odd/rank0-1.db
tar czf noise.tgz --format=ustar -C odd manifest.json rank0-1.db
ln -s /etc/passwd odd/report.en.json
tar czf link.tgz --format=ustar -C odd manifest.json report.en.json
for file in hello cut odd noise link; do
	status=0
	"$shapebox" report $file.tgz >out 2>err || status=$?
	[ $status = 2 ] && [ ! -s out ] && [ "$(wc -l <err)" = 1 ] || wrong "$file.tgz: status $status: $(cat out err)"
done

# Ctrl-C leaves neither a file nor what it was made from.
INTERRUPT_S=0.05 "$python" "$here/terminal.py" "$shapebox" bundle trace -o interrupted.tgz >out 2>&1 || true
[ ! -e interrupted.tgz ] || tar tzf interrupted.tgz >/dev/null || wrong "Ctrl-C left half a bundle"
[ -z "$(ls tmp)" ] || wrong "left behind: $(ls tmp)"
[ -z "$(ls | grep 'tgz\.')" ] || wrong "left behind: $(ls)"
[ "$bad" = 0 ]
