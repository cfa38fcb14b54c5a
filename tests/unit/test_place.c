/* links: libshim schema */
/* Where a box may lie, and what is copied of one that lies apart. */
#include <CUnit/Basic.h>
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libshim/copy.h"
#include "libshim/note.h"
#include "libshim/place.h"
#include "libshim/recorder.h"
#include "schema/box_read.h"
#include "schema/fold.h"
#include "shim_fixture.h"

static void
file_systems_are_told_apart(void)
{
	static const struct { uint64_t type, size_bytes; bool maps; } asked[] = {
		{ 0xef53, 0, true },      { 0x58465342, 1 << 20, true },  { 0x794c7630, 0, true }, /* ext4, xfs, overlay */
		{ 0x01021994, 64ull << 20, false }, { 0x01021994, 1ull << 30, true }, /* tmpfs: a container's /dev/shm, a machine's */
		{ 0x6969, 0, false },     { 0xff534d42, 0, false },       { 0xfe534d42, 0, false }, /* nfs, cifs, smb2 */
		{ 0x0bd00bd0, 0, false }, { 0x47504653, 0, false },       { 0x65735546, 0, false }, /* lustre, gpfs, fuse */
		{ 0x01021997, 0, false }, { 0x00c36400, 0, false },       { 0x19830326, 0, false }, /* 9p, ceph, beegfs */
		{ 0x5346414f, 0, false }, { 0x12345678, 0, false },       /* afs, one that nobody knows */
		{ 0xffffffff9123683eull, 0, true },                       /* btrfs, sign-extended */
	};

	for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++)
		CU_ASSERT_EQUAL(place_maps(asked[i].type, asked[i].size_bytes), asked[i].maps);
}

static bool
open_apart(uint64_t size_bytes)
{
	static bool started;

	started = started || recorder_start();
	snprintf(settings.local, sizeof settings.local, "/tmp/shapebox-local-test");
	return fixture_open(size_bytes);
}

static void
close_apart(void)
{
	settings.local[0] = 0;
	recorder_forked();
	fixture_remove();
	rmdir("/tmp/shapebox-local-test");
}

static const char *
file(const char *end)
{
	static char path[PATH_MAX + 256];

	snprintf(path, sizeof path, "%s/%s%s", place.directory, place.stem, end);
	return path;
}

static bool
note_write(enum box_note_kind kind)
{
	struct note note;

	if (!note_begin(&note, kind, ~0ull))
		return false;
	json_object_begin(&note.json);
	json_object_end(&note.json);
	note_publish(&note);
	return true;
}

static void
a_box_apart_is_named_and_goes(void)
{
	struct box_header header;
	char error[300], said[PATH_MAX];
	struct stat info;

	CU_ASSERT_FATAL(open_apart(2 << 20));
	CU_ASSERT(place.apart);
	CU_ASSERT_EQUAL(strncmp(place.box, "/tmp/shapebox-local-test/trace-", 31), 0);
	CU_ASSERT_EQUAL(stat(place.box, &info), 0);
	CU_ASSERT_EQUAL(info.st_size, 2 << 20);
	FILE *at = fopen(file(BOX_PLACE_END), "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	CU_ASSERT(place_read(fileno(at), said, sizeof said));
	CU_ASSERT_STRING_EQUAL(said, place.box);
	fclose(at);
	box_end(BOX_STATE_EXITED, 3);
	CU_ASSERT_EQUAL(stat(place.box, &info), -1);
	CU_ASSERT_EQUAL(stat(file(BOX_PLACE_END), &info), -1);
	CU_ASSERT(box_read_header(file(".box"), &header, error, sizeof error));
	CU_ASSERT_EQUAL(header.exit_status, 3);
	CU_ASSERT_EQUAL(header.file_bytes, (uint64_t)(stat(file(".box"), &info), info.st_size));
	close_apart();
}

#define EVENTS 40000u
#define WORDS 40u

/* Events with a signature each: more than a copy has room for. */
static uint32_t
record_many(void)
{
	uint64_t words[WORDS] = { 0 };
	uint32_t last = BOX_NONE;

	shim_box.header->op_count = 1;
	for (uint32_t i = 0; i < EVENTS; i++) {
		struct box_start *start = recorder_reserve(recorder_get(), sizeof *start / 4, BOX_RECORD_START, 0);
		words[0] = BOX_VALUE_INT;
		words[1] = i;
		uint32_t signature = fixture_signature(0, words, WORDS, 1);
		last = signature == BOX_NONE ? last : signature;
		if (!start)
			return BOX_NONE;
		start->signature = last;
		start->depth = start->ids = 0;
		start->site = 0;
		recorder_self->events++;
		recorder_publish(recorder_self);
	}
	return last;
}

static void
evidence_is_bounded_and_the_newest(void)
{
	struct box_reader reader;
	struct fold_result result;
	char error[300] = "", database[PATH_MAX + 256];
	struct stat info;
	uint32_t last, newest = 0;
	uint64_t events = 0;

	CU_ASSERT_FATAL(open_apart(64 << 20));
	last = record_many();
	CU_ASSERT(shim_box.header->regions[BOX_SIGNATURES].used_bytes > COPY_EVIDENCE_BYTES);
	CU_ASSERT_EQUAL(stat(file(".box"), &info), -1);
	CU_ASSERT_FATAL(note_write(BOX_NOTE_FATAL));
	CU_ASSERT_EQUAL_FATAL(stat(file(".box"), &info), 0);
	CU_ASSERT((uint64_t)info.st_blocks * 512 <= COPY_EVIDENCE_BYTES);
	CU_ASSERT_EQUAL_FATAL(box_read_open(&reader, file(".box"), error, sizeof error), true);
	CU_ASSERT_EQUAL(reader.damage_count, 0);
	for (uint32_t i = 0; i < reader.chunk_count; i++) {
		const struct box_record *record;
		uint32_t offset = sizeof(struct box_chunk);
		while ((record = box_read_next_record(&reader, &reader.chunks[i], &offset))) {
			events++;
			newest = ((const struct box_start *)record)->signature;
		}
	}
	CU_ASSERT_EQUAL(newest, last);
	CU_ASSERT(events > 10000 && events <= EVENTS);
	CU_ASSERT_EQUAL(reader.header.note_count, 1);
	CU_ASSERT_PTR_NOT_NULL(box_read_note(&reader, 0));
	box_read_close(&reader);
	snprintf(database, sizeof database, "%s", file(".db"));
	CU_ASSERT(fold_box(file(".box"), database, true, &result, error, sizeof error));
	CU_ASSERT_EQUAL(result.events, EVENTS);
	box_end(BOX_STATE_EXITED, 1); /* now all of it */
	CU_ASSERT_EQUAL_FATAL(box_read_open(&reader, file(".box"), error, sizeof error), true);
	CU_ASSERT_EQUAL(reader.damage_count, 0);
	CU_ASSERT_EQUAL(reader.region_bytes[BOX_SIGNATURES], shim_box.header->regions[BOX_SIGNATURES].used_bytes);
	CU_ASSERT_EQUAL(reader.header.lost[BOX_LOSS_COPIED_PART], 0);
	box_read_close(&reader);
	close_apart();
}

/* A program that handles one exception after the other pays for the first copy, then for one in a hundred times its cost. */
static void
handled_failures_are_not_copied_each(void)
{
	struct stat first, later;

	CU_ASSERT_FATAL(open_apart(2 << 20));
	CU_ASSERT_FATAL(note_write(BOX_NOTE_FATAL));
	CU_ASSERT_EQUAL_FATAL(stat(file(".box"), &first), 0);
	CU_ASSERT_FATAL(note_write(BOX_NOTE_OPERATION));
	CU_ASSERT_EQUAL(stat(file(".box"), &later), 0);
	CU_ASSERT_EQUAL(first.st_ino, later.st_ino);
	CU_ASSERT_FATAL(note_write(BOX_NOTE_FATAL));
	CU_ASSERT_EQUAL(stat(file(".box"), &later), 0);
	CU_ASSERT_NOT_EQUAL(first.st_ino, later.st_ino);
	box_end(BOX_STATE_EXITED, 1);
	close_apart();
}

static void
the_total_of_a_host_is_kept(void)
{
	CU_ASSERT_FATAL(fixture_open(1 << 20));
	settings.total_bytes = place_used_bytes() + (uint64_t)shim_box.header->chunk_bytes * shim_box.header->chunk_count * 3 / 2;
	CU_ASSERT_PTR_NOT_NULL(box_segment_chunks(1));
	CU_ASSERT_PTR_NULL(box_segment_chunks(2));
	CU_ASSERT_EQUAL(shim_box.header->segments, 1);
	CU_ASSERT_EQUAL(shim_box.header->lost[BOX_LOSS_SIZE_TOTAL], 1);
	CU_ASSERT_EQUAL(shim_box.header->lost[BOX_LOSS_SEGMENT_FAILED], 0);
	settings.size_bytes = 8 << 20;
	CU_ASSERT(box_open(fixture_prepare)); /* another process: what is left, and never less than the least */
	CU_ASSERT(shim_box.size_bytes < 2 << 20);
	CU_ASSERT_EQUAL(shim_box.header->lost[BOX_LOSS_SIZE_TOTAL], 1);
	fixture_remove();
}

/* The fallbacks lie where anybody may have put a directory or a link of that name before. */
static void
a_directory_of_others_is_not_taken(void)
{
	char root[] = "/tmp/shapebox-place-XXXXXX", path[128], aim[64];

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(root));
	snprintf(settings.directory, sizeof settings.directory, "/nowhere/trace");
	snprintf(path, sizeof path, "%s/trace", root);
	snprintf(aim, sizeof aim, "%s/aim", root);
	setenv("TMPDIR", root, 1);
	CU_ASSERT_TRUE(place_open(1)); /* made */
	CU_ASSERT_TRUE(place_open(1)); /* ours */
	CU_ASSERT_EQUAL(chmod(path, 0770), 0);
	CU_ASSERT_FALSE(place_open(1));
	CU_ASSERT_EQUAL(rename(path, aim), 0);
	CU_ASSERT_EQUAL(chmod(aim, 0700), 0);
	CU_ASSERT_EQUAL(symlink(aim, path), 0);
	CU_ASSERT_FALSE(place_open(1));
	unsetenv("TMPDIR");
	unlink(path);
	snprintf(path, sizeof path, "%s/.gitignore", aim);
	unlink(path);
	rmdir(aim);
	CU_ASSERT_EQUAL(rmdir(root), 0);
}

int
main(void)
{
	CU_initialize_registry();
	CU_pSuite suite = CU_add_suite("place", NULL, NULL);
	CU_add_test(suite, "file systems are told apart", file_systems_are_told_apart);
	CU_add_test(suite, "a box apart is named, and goes", a_box_apart_is_named_and_goes);
	CU_add_test(suite, "evidence is bounded, and the newest", evidence_is_bounded_and_the_newest);
	CU_add_test(suite, "handled failures are not copied each", handled_failures_are_not_copied_each);
	CU_add_test(suite, "the total of a host is kept", the_total_of_a_host_is_kept);
	CU_add_test(suite, "a directory of others is not taken", a_directory_of_others_is_not_taken);
	CU_basic_run_tests();
	unsigned failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures != 0;
}
