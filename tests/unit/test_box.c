/* links: libshim */
#include <CUnit/Basic.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libshim/memory.h"
#include "libshim/place.h"
#include "shim_fixture.h"

static int
count_boxes(void)
{
	DIR *dir = opendir(settings.directory);
	int count = 0;

	for (struct dirent *entry; dir && (entry = readdir(dir));)
		count += strstr(entry->d_name, ".box") != NULL;
	if (dir)
		closedir(dir);
	return count;
}

static void
a_box_describes_itself(void)
{
	CU_ASSERT_FATAL(fixture_open(4 << 20));
	const struct box_header *header = shim_box.header;
	uint64_t end = BOX_HEADER_BYTES;

	CU_ASSERT_EQUAL(memcmp(header->magic, BOX_MAGIC, 8), 0);
	CU_ASSERT_EQUAL(header->pid, getpid());
	CU_ASSERT_EQUAL(header->file_bytes, 4u << 20);
	for (int i = 0; i < BOX_REGION_COUNT; i++) {
		CU_ASSERT(header->regions[i].offset_bytes >= end);
		end = header->regions[i].offset_bytes + header->regions[i].size_bytes;
	}
	CU_ASSERT(end <= header->file_bytes);
	CU_ASSERT(header->chunk_count >= 16);
	CU_ASSERT(header->ticks_per_ns > 0);
	fixture_remove();
}

static void
files_are_private_and_never_overwritten(void)
{
	struct stat info;
	char path[5000];

	CU_ASSERT_FATAL(fixture_open(1 << 20));
	CU_ASSERT_EQUAL(stat(settings.directory, &info), 0);
	CU_ASSERT_EQUAL(info.st_mode & 0777, 0700);
	char node[65] = "", host[PLACE_HOST_BYTES];
	gethostname(node, sizeof node - 1);
	place_host(node, host);
	snprintf(path, sizeof path, "%s/rank0-%s-%d.box", settings.directory, host, (int)getpid());
	CU_ASSERT_EQUAL(stat(path, &info), 0);
	CU_ASSERT_EQUAL(info.st_mode & 0777, 0600);
	CU_ASSERT(box_open(fixture_prepare)); /* the same process id, as after an exec */
	CU_ASSERT_EQUAL(count_boxes(), 2);
	fixture_remove();
}

/* In a child: limits can't be lifted again. */
static int
in_child(int (*work)(void))
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(work());
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}

static int
open_under_file_limit(void)
{
	struct rlimit limit = { 4096, 4096 };

	setrlimit(RLIMIT_FSIZE, &limit);
	return fixture_open(1 << 20) ? 1 : 0; /* no SIGXFSZ, no box */
}

static int
open_under_memory_limit(void)
{
	struct rlimit limit = { 72u << 20, 72u << 20 }; /* a box of 32 MB, its indexes, and this program */

	setrlimit(RLIMIT_AS, &limit);
	if (memory_left() == 0)
		return 0; /* this program alone is larger than any such limit: under a sanitizer, or valgrind */
	return fixture_open(1ull << 30) && shim_box.size_bytes < 64u << 20 ? 0 : 1; /* it shrinks */
}

static void
limits_cost_the_box_not_the_program(void)
{
	CU_ASSERT_EQUAL(in_child(open_under_file_limit), 0);
	CU_ASSERT_EQUAL(in_child(open_under_memory_limit), 0);
}

static int
open_forked(void)
{
	unsetenv("RANK");
	box_forget(); /* as in a fork of a process that has no box yet */
	bool right = fixture_open(16 << 20) && shim_box.size_bytes == 2 << 20 && shim_box.header->origin == BOX_ORIGIN_FORKED;

	fixture_remove();
	return !right;
}

static int
open_forked_as_rank(void)
{
	unsetenv("RANK");
	box_forget();
	setenv("RANK", "3", 1);
	bool right = fixture_open(16 << 20) && shim_box.size_bytes == 16 << 20 && shim_box.header->origin == BOX_ORIGIN_STARTED;

	fixture_remove();
	return !right;
}

/* This program, as multiprocessing starts a helper. */
static int
open_spawned(void)
{
	execl(program_invocation_name, "test_box", "--multiprocessing-fork", (char *)NULL);
	return 1;
}

static void
helpers_take_an_eighth(void)
{
	CU_ASSERT_EQUAL(in_child(open_forked), 0);
	CU_ASSERT_EQUAL(in_child(open_forked_as_rank), 0);
	CU_ASSERT_EQUAL(in_child(open_spawned), 0);
}

static bool
refuse(void)
{
	return false;
}

static void
a_box_without_its_indexes_is_none(void)
{
	CU_ASSERT_FATAL(fixture_open(1 << 20));
	shim_box.base = NULL;
	CU_ASSERT_FALSE(box_open(refuse));
	CU_ASSERT_PTR_NULL(shim_box.base);
	CU_ASSERT_EQUAL(count_boxes(), 1); /* the first one's */
	fixture_remove();
}

static void
the_end_is_written_down(void)
{
	CU_ASSERT_FATAL(fixture_open(1 << 20));
	box_end(BOX_STATE_EXITED, 3);
	CU_ASSERT_EQUAL(shim_box.header->state, BOX_STATE_EXITED);
	CU_ASSERT_EQUAL(shim_box.header->exit_status, 3);
	CU_ASSERT(shim_box.header->end_unix_ns >= shim_box.header->start_unix_ns);
	fixture_remove();
}

static void
segments_go_on_where_the_ring_ends(void)
{
	CU_ASSERT_FATAL(fixture_open(1 << 20));
	char *first = box_segment_chunks(0), *second = box_segment_chunks(1);

	CU_ASSERT_PTR_EQUAL(first, box_region(BOX_CHUNKS));
	CU_ASSERT_PTR_NOT_NULL_FATAL(second);
	CU_ASSERT_PTR_EQUAL(second, box_segment_chunks(1));
	CU_ASSERT_EQUAL(shim_box.header->segments, 1);
	const struct box_segment *segment = (const struct box_segment *)(second - BOX_SEGMENT_HEADER_BYTES);
	CU_ASSERT_EQUAL(memcmp(segment->magic, BOX_SEGMENT_MAGIC, 8), 0);
	CU_ASSERT_EQUAL(segment->start_unix_ns, shim_box.header->start_unix_ns);
	fixture_remove();
}

int
main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "--multiprocessing-fork")) {
		bool eighth = fixture_open(16 << 20) && shim_box.size_bytes == 2 << 20;

		fixture_remove();
		return !eighth;
	}
	CU_initialize_registry();
	CU_pSuite suite = CU_add_suite("box", NULL, NULL);
	CU_add_test(suite, "a box describes itself", a_box_describes_itself);
	CU_add_test(suite, "files are private and never overwritten", files_are_private_and_never_overwritten);
	CU_add_test(suite, "limits cost the box, not the program", limits_cost_the_box_not_the_program);
	CU_add_test(suite, "helpers take an eighth", helpers_take_an_eighth);
	CU_add_test(suite, "a box without its indexes is none", a_box_without_its_indexes_is_none);
	CU_add_test(suite, "the end is written down", the_end_is_written_down);
	CU_add_test(suite, "segments go on where the ring ends", segments_go_on_where_the_ring_ends);
	CU_basic_run_tests();
	unsigned failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures != 0;
}
