"""run.py BUILD [CASE...]: traces that were made to do harm, given to the command. Each is refused with one line or shown inert: within 5 s
of processor time and 256 MB, no control character reaches the terminal, no tag the page, nothing is written elsewhere.
"""
import os
import re
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile

BUILD = os.path.abspath(sys.argv[1])
COMMAND = f"{BUILD}/shapebox"
CASES = {}
EVIL = "\x1b]0;owned\x07\x1b[2J\x9b2J\u202e</script><img src=x onerror=alert(1)>\r\b\x7f"
LOOP = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT "


def case(function):
    CASES["db-" + function.__name__.replace("_", "-")] = function
    return function


# --- databases: each changes the good one, open as `db`, at `path` -----------------------------------------------------------------


@case
def view_for_table(db, path):
    """A view stands where the table of processes was, and never ends."""
    db.executescript(f"DROP TABLE process; CREATE VIEW process AS {LOOP} i AS pid, i AS rank FROM n;")


@case
def view_of_events(db, path):
    db.executescript(f"DROP TABLE event_row; CREATE VIEW event_row AS {LOOP} i AS id, 1 AS kind_id, 0 AS around, 0 AS step, 0 AS start,"
                     " -4 AS lasted, 0 AS sequence, NULL AS scope, x'00' AS tensors FROM n;")


@case
def triggers(db, path):
    db.executescript("CREATE TRIGGER a INSTEAD OF INSERT ON event BEGIN DELETE FROM note; END;"
                     "CREATE TRIGGER b AFTER INSERT ON process BEGIN SELECT load_extension('/tmp/evil.so'); END;")


@case
def virtual_tables(db, path):
    """Names of modules that SQLite has, and of some that it hasn't, in the schema by hand."""
    db.executescript("DROP TABLE note; PRAGMA writable_schema = ON;"
                     "INSERT INTO sqlite_master VALUES ('table', 'note', 'note', 0, 'CREATE VIRTUAL TABLE note USING csv(filename=''/etc/passwd'')');"
                     "INSERT INTO sqlite_master VALUES ('table', 'site', 'site', 0, 'CREATE VIRTUAL TABLE site USING fts5(a, content=''process'')');"
                     "INSERT INTO sqlite_master VALUES ('table', 'x', 'x', 0, 'CREATE VIRTUAL TABLE x USING dbstat');")


@case
def schema_nonsense(db, path):
    db.executescript("PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = 'CREATE TABLE process(pid AS (load_extension(''x'')))'"
                     " WHERE name = 'process'; UPDATE sqlite_master SET rootpage = 1 WHERE name = 'note';")


@case
def generated_columns(db, path):
    """A column that is computed, for as long as it likes, when it is read."""
    db.executescript("ALTER TABLE note RENAME TO old; CREATE TABLE note (id INTEGER PRIMARY KEY, kind TEXT, time_ns INTEGER, thread_id, event_id,"
                     " t, text AS (replace(hex(zeroblob(8000000)), '0', t)));"
                     "INSERT INTO note (id, kind, time_ns, thread_id, event_id, t) SELECT id, kind, time_ns, thread_id, event_id, 'aaaaaaaaaaaa' FROM old;")


@case
def parts_that_lie(db, path):
    """More parts than there are, with all call sites and endless lists of identities, in a table that is computed."""
    db.executescript("DROP TABLE event_part; CREATE TABLE event_part (number INTEGER PRIMARY KEY, begin_tensor AS (9223372036854775807),"
                     " met_tensor AS (9223372036854775807), made_tensor AS (-1), sequence_low AS (-9223372036854775807),"
                     " sequence_high AS (9223372036854775807), unwell AS (-1), again AS (CAST(CAST(x'00' AS TEXT) || replace(hex(zeroblob(400000)), '0', CAST(x'02' AS TEXT)) AS BLOB)),"
                     f" sites AS (zeroblob(512))); INSERT INTO event_part (number) {LOOP} i FROM n LIMIT 400000;"
                     "INSERT INTO event_part (number) VALUES (0), (-5), (9223372036854775807), (1125899906842623);")


@case
def many_tables(db, path):
    db.executescript("BEGIN;" + "".join(f"CREATE TABLE t{i} (a, b, c);" for i in range(5000)) + "COMMIT;")


@case
def giant_texts(db, path):
    db.executescript("UPDATE operation SET name = replace(hex(zeroblob(20000000)), '0', 'a');"
                     "UPDATE frame SET file = replace(hex(zeroblob(5000000)), '00', '/');"
                     "UPDATE operand_form SET shape = '[' || replace(hex(zeroblob(3000000)), '00', '1,') || '1]';")


@case
def giant_notes(db, path):
    db.execute("UPDATE note SET text = ?", ["[" * 3_000_000])
    db.execute("INSERT INTO note SELECT 1000, kind, time_ns, thread_id, event_id, ? FROM note WHERE id = 2",
               ['{"type":"E","message":"' + "m" * 15_000_000 + '"}'])


@case
def many_notes(db, path):
    db.executescript("WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < 40000)"
                     "INSERT INTO note SELECT i, 'fatal', i, 0, 1, (SELECT text FROM note WHERE kind = 'fatal' LIMIT 1) FROM n;")


@case
def many_processes_rows(db, path):
    db.executescript("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000) INSERT INTO process"
                     " SELECT i, i, 'h', i, i, i, 0, 0, 'exited', 1, 0, 0, 0, 0, 0, 1, '', '' FROM n;")


@case
def escapes(db, path):
    for table, column in (("operation", "name"), ("operation", "arguments"), ("frame", "file"), ("frame", "function"), ("loss", "text"),
                          ("process", "host"), ("process", "torch_version"), ("operand_place", "name"), ("operand_form", "shape"),
                          ("operand_form", "dtype"), ("operand_form", "device"), ("thread", "name"), ("abi_check", "text")):
        db.execute(f"UPDATE {table} SET {column} = ?", [EVIL])
    db.execute("UPDATE event_kind SET phase = ?", [EVIL])
    db.execute("INSERT INTO loss VALUES (?, 7, ?)", [EVIL, EVIL])


@case
def no_utf8(db, path):
    for table, column in (("operation", "name"), ("frame", "file"), ("process", "host"), ("operand_place", "name"), ("note", "text")):
        db.execute(f"UPDATE {table} SET {column} = CAST(x'fffec0afeda080f5808080c3' AS TEXT)")


@case
def other_types(db, path):
    """Text where numbers are due, blobs where text is, NULL where nothing may be missing."""
    db.executescript("PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = replace(sql, ' NOT NULL', '') WHERE type = 'table';")
    db.commit()
    with sqlite3.connect(path) as again:
        again.executescript("UPDATE event_row SET step = x'00', start = 'abc', lasted = 'x', tensors = 'text';"
                            "UPDATE operation SET name = x'deadbeef'; UPDATE frame SET line = NULL, file = NULL; UPDATE thread SET name = NULL;"
                            "UPDATE operand_place SET kind = NULL; UPDATE operand_form SET shape = 7, strides = x'ff', storage_offset = 'q', flags = 'z';"
                            "UPDATE process SET pid = 'me', rank = 1e300, step = 'x', start_ns = -1, state = NULL;")


@case
def impossible_counts(db, path):
    most = 2**63 - 1
    db.execute("UPDATE process SET events = ?, events_kept = ?, step = ?, start_ns = ?, end_ns = ?, pid = ?, world_size = ?",
               [most, -most, most, -most - 1, most, most, most])
    db.execute("UPDATE event_kind SET depth = ?, micro_batch = ?", [most, -most])
    db.execute("UPDATE step SET start_ns = ?", [most])
    db.execute("UPDATE event_row SET start = ?, around = ?, lasted = ?", [most, -most, most])
    db.execute("UPDATE operand_place SET slot = slot + ?, tensor_index = ?", [most - 100, most])
    db.execute("UPDATE operand_form SET shape = ?", [f"[{most}, -{most}, {2**70}]"])
    db.execute("UPDATE loss SET count = ?", [-most])
    db.execute("UPDATE site SET inner_count = ?, left_out = ?", [most, -most])


@case
def giant_ids(db, path):
    db.executescript("UPDATE event_row SET id = id + 9223372036854775000; UPDATE signature SET id = id + 9223372036854775000;"
                     "INSERT INTO block VALUES (0, 9223372036854775807, 0, 0, 9223372036854775807, 0, 9223372036854775807, 1, 1, 1, 1, 1, 1);")


@case
def cyclic_lineage(db, path):
    """Events around each other, ranges within themselves, tensors made of themselves."""
    db.executescript("UPDATE event_row SET around = 1 << 38; INSERT INTO scope_kind VALUES (900, 0, 'backward', 'x');"
                     "INSERT INTO scope_row VALUES (900, 900, 20, 0, 1, -1), (901, 900, 20, 0, 1, 1);"
                     "UPDATE step SET scope_id = 0; UPDATE event_row SET scope = 900, tensors = x'02040002';")
    db.executescript("WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 30000) INSERT INTO event_row"
                     " SELECT i, kind_id, -1 << 38, step, start + i, lasted, sequence, 901, x'02040002' FROM n, event_row WHERE id = 0;")


@case
def hostile_blobs(db, path):
    """Identities that never end, that are too many, that run past their bytes."""
    db.execute("UPDATE event_row SET tensors = ? WHERE id = 0", [b"\xff" * 100000])
    db.execute("UPDATE event_row SET tensors = ? WHERE id = 1", [b"\xff\xff\xff\xff\xff\xff\xff\xff\x7f" + b"\x01" * 50])


@case
def older_version(db, path):
    db.execute("PRAGMA user_version = 1")


@case
def corrupt_pages(db, path):
    db.commit()
    size = os.path.getsize(path)
    with open(path, "r+b") as file:
        for at in range(8192, size, 8192):
            file.seek(at)
            file.write(b"\x05" + os.urandom(60))  # every page says that it is the inside of a tree


@case
def page_circle(db, path):
    """A tree whose inner page leads to itself."""
    root = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'event_row'").fetchone()[0]
    db.commit()
    with open(path, "r+b") as file:
        file.seek((root - 1) * 8192)
        cell = (8192 - 5).to_bytes(2, "big")
        file.write(b"\x05\0\0\0\1" + cell + b"\0" + root.to_bytes(4, "big") + cell)
        file.seek(root * 8192 - 5)
        file.write(root.to_bytes(4, "big") + b"\x01")


@case
def cut_short(db, path):
    db.commit()
    os.truncate(path, os.path.getsize(path) // 2)


@case
def other_wal(db, path):
    """A write-ahead log, a journal and an index of it that are another database's."""
    db.execute("PRAGMA journal_mode = WAL")
    db.commit()
    other = path + ".other"
    with sqlite3.connect(other) as made:
        made.executescript("PRAGMA journal_mode = WAL; CREATE TABLE process (pid); INSERT INTO process VALUES (1);")
        shutil.copy(other + "-wal", path + "-wal.new")
    made.close()
    db.close()
    os.rename(path + "-wal.new", path + "-wal")
    with open(path + "-journal", "wb") as file:
        file.write(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + os.urandom(4096))
    with open(path + "-shm", "wb") as file:
        file.write(os.urandom(32768))
    os.remove(other)


@case
def utf16(db, path):
    script = "\n".join(db.iterdump())
    db.close()
    os.remove(path)
    with sqlite3.connect(path) as made:
        made.execute("PRAGMA encoding = 'UTF-16le'")
        made.executescript(script + "; PRAGMA application_id = 0x73686278; PRAGMA user_version = 8;")


# --- directories -------------------------------------------------------------------------------------------------------------------


def directory(name):
    def register(function):
        CASES["dir-" + name] = function
        return function
    return register


def good_box(folder, trace):
    shutil.copy(f"{folder}/good/rank0-4711.box", f"{trace}/rank0-4711.box")


@directory("links")
def _(folder, trace):
    """Links out of the trace: to a file, a device that never ends, a directory, themselves."""
    good_box(folder, trace)
    for name, target in (("rank1-1.db", "/etc/passwd"), ("rank2-1.box", "/dev/zero"), ("rank3-1.db", "/"), ("rank4-1.box", "rank4-1.box"),
                         ("run.json", "/dev/zero"), ("ended-x.sum", "/dev/zero"), ("rank5-1.at", "/etc/passwd")):
        os.symlink(target, f"{trace}/{name}")
    os.symlink(f"{folder}/victim", f"{trace}/rank0-4711.db")


@directory("pipes")
def _(folder, trace):
    """Pipes that nobody writes to."""
    good_box(folder, trace)
    for name in ("rank1-1.db", "rank2-1.box", "run.json", "ended-x.sum", "rank3-1.at"):
        os.mkfifo(f"{trace}/{name}")


@directory("names")
def _(folder, trace):
    """Names of files that would say something to a terminal, a shell, a page, a URI."""
    for name in ("rank0-\x1b[2J-1.box", "rank1-$(touch pwned)-1.box", "rank2-</script><img src=x onerror=alert(1)>.box".replace("/", ""),
                 "rank3-?mode=rwc&x=%00#.box", "rank4-\udcff\udcfe-1.box", "-rf.box", "rank5-a\nb-1.box"):
        shutil.copy(f"{folder}/good/rank0-4711.box", f"{trace}/{name}")


@directory("elsewhere")
def _(folder, trace):
    """A box that is said to lie where it doesn't, or that is another's."""
    good_box(folder, trace)
    for number, text in enumerate((f"{folder}/victim", "/dev/zero", "relative", "/etc/passwd\n/etc/shadow", "/" + "a" * 9000, "")):
        with open(f"{trace}/rank{number + 1}-1.at", "w") as file:
            file.write("shapebox\n" + text + "\n")


@directory("run-json")
def _(folder, trace):
    good_box(folder, trace)
    with open(f"{trace}/run.json", "w") as file:
        file.write('{"command":' + "[" * 100000)


@directory("run-json-types")
def _(folder, trace):
    good_box(folder, trace)
    with open(f"{trace}/run.json", "w") as file:
        file.write('{"command":7,"exit_status":"x","started_ns":[],"pid":{},"argv":[[1],{"a":2}],"exit":null,"signal":1e300,"sum":true}')


@directory("sum")
def _(folder, trace):
    good_box(folder, trace)
    with open(f"{trace}/ended-h.sum", "wb") as file:
        file.write(b"shapesum\x04\0\0\0" + b"\xff" * 4096)


@directory("sparse")
def _(folder, trace):
    """A file of 2 TiB that takes no room."""
    good_box(folder, trace)
    os.truncate(f"{trace}/rank0-4711.box", 1 << 41)
    with open(f"{trace}/rank0-4711.box", "r+b") as file:
        file.seek(24)  # the regions: each as large as a reader takes
        header = bytearray(file.read(14 * 24))
        for region in range(14):
            at = region * 24
            header[at:at + 8] = (8192 + (region << 31)).to_bytes(8, "little")
            header[at + 8:at + 16] = (1 << (40 if region == 13 else 30)).to_bytes(8, "little")
            header[at + 16:at + 24] = (1 << 30).to_bytes(8, "little")
        file.seek(24)
        file.write(header)
        file.write((65536).to_bytes(4, "little") + (1 << 24).to_bytes(4, "little"))


# --- the command -------------------------------------------------------------------------------------------------------------------

bad = 0


def wrong(name, words, text):
    global bad
    bad += 1
    print(f"{name}: shapebox {' '.join(words[1:])}: {text}", flush=True)


def limits():
    resource.setrlimit(resource.RLIMIT_CPU, (5, 6))
    resource.setrlimit(resource.RLIMIT_AS, (256 << 20, 256 << 20))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def inert(output):
    """What in OUTPUT would say something to a terminal, or isn't UTF-8; None if nothing does."""
    try:
        text = output.decode()
    except UnicodeDecodeError as error:
        return f"no UTF-8: {output[error.start - 20:error.end + 20]!r}"
    found = re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]", text)
    return found and f"{text[max(0, found.start() - 40):found.end() + 20]!r}"


def give(name, folder, trace):
    commands = (["report", trace], ["report", "--all", "--format", "json", trace], ["log", "--last", "20", trace], ["diff", trace],
                ["memory", trace], ["repro", trace], ["assert", "--save", "-", trace], ["page", "-o", f"{folder}/page.html", trace], ["ls", os.path.dirname(trace)])
    for words in commands:
        words = [COMMAND, *words]
        if os.path.exists(f"{folder}/page.html"):
            os.remove(f"{folder}/page.html")
        try:
            done = subprocess.run(words, capture_output=True, preexec_fn=limits, cwd=f"{folder}/empty", timeout=60)
        except subprocess.TimeoutExpired:
            wrong(name, words, "waits")
            continue
        if done.returncode not in (0, 1, 2):
            wrong(name, words, f"status {done.returncode}: {done.stderr[-300:]!r}")
        elif done.returncode == 2 and done.stderr.count(b"\n") != 1:
            wrong(name, words, f"its error: {done.stderr[-300:]!r}")
        trouble = inert(done.stdout) or inert(done.stderr)
        if trouble and "--format" not in words:
            wrong(name, words, f"prints {trouble}")
        if os.path.exists(f"{folder}/page.html"):
            with open(f"{folder}/page.html", "rb") as file:
                page = file.read()
            if b"<img src=x" in page or page.count(b"</script>") != page.count(b"<script"):
                wrong(name, words, "a tag of the trace's got into the page")
    if os.listdir(f"{folder}/empty") or open(f"{folder}/victim").read() != "mine":
        wrong(name, ["", "any"], f"something was written: {os.listdir(f'{folder}/empty')}")


def main():
    assert inert(EVIL.encode()) and inert(b"\xff") and not inert("\té\n".encode())
    folder = tempfile.mkdtemp()
    os.mkdir(f"{folder}/empty")
    with open(f"{folder}/victim", "w") as file:
        file.write("mine")
    subprocess.run([f"{BUILD}/tests/make-hostile", folder], check=True)
    shutil.copytree(f"{folder}/good", f"{folder}/folded")
    subprocess.run([COMMAND, "report", f"{folder}/folded"], stdout=subprocess.DEVNULL)
    for name in [name for name in os.listdir(folder) if name.startswith("box-")]:
        CASES[name] = None
    wanted = sys.argv[2:] or sorted(CASES)
    for name in wanted:
        trace = f"{folder}/trace/{name}"
        if name.startswith("box-"):
            shutil.copytree(f"{folder}/{name}", trace)
        elif name.startswith("db-"):
            shutil.copytree(f"{folder}/folded", trace)
            db = sqlite3.connect(f"{trace}/rank0-4711.db")
            CASES[name](db, f"{trace}/rank0-4711.db")
            try:
                db.commit()
                db.close()
            except sqlite3.ProgrammingError:
                pass  # the case closed it
        else:
            os.makedirs(trace)
            CASES[name](folder, trace)
        give(name, folder, trace)
        shutil.rmtree(f"{folder}/trace")
    shutil.rmtree(folder)
    print(f"hostile: {len(wanted)} traces, {bad} complaints")
    return bad != 0


sys.exit(main())
