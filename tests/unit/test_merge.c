/* links: libshim schema */
/* At most 256 process files: which go. */
#include <CUnit/Basic.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libshim/directory.h"
#include "libshim/merge.h"
#include "libshim/place.h"
#include "schema/box_read.h"
#include "shim_fixture.h"

static const char *
path_of(const char *name, int number, const char *end)
{
	static char path[PATH_MAX + 64];

	snprintf(path, sizeof path, "%s/%s-%d%s", place.directory, name, number, end);
	return path;
}

/* A box of a process that is no more: the header is all that is looked at. */
static void
box_make(const char *name, int number, enum box_state state, int exit_status, uint64_t told)
{
	static int32_t nobody; /* a process that has ended */
	struct box_header header = *shim_box.header;

	if (!nobody && !(nobody = fork()))
		_exit(0);
	waitpid(nobody, NULL, 0);
	header.pid = nobody;
	header.state = state;
	header.exit_status = exit_status;
	header.told = told;
	header.events = 10;
	header.start_unix_ns = 1000u + (uint64_t)number;
	int fd = open(path_of(name, number, ".box"), O_WRONLY | O_CREAT | O_EXCL, 0600);
	CU_ASSERT_EQUAL(write(fd, &header, sizeof header), (ssize_t)sizeof header);
	close(fd);
}

static bool
is_there(const char *name, int number)
{
	return !access(path_of(name, number, ".box"), F_OK);
}

static void
count_one(int directory, const char *name, void *context)
{
	(void)directory;
	*(int *)context += directory_name_ends(name, ".box");
}

static int
boxes(void)
{
	int count = 0, fd = open(place.directory, O_RDONLY | O_DIRECTORY);

	directory_each(fd, count_one, &count);
	close(fd);
	return count;
}

static void
what_will_be_missed_least_goes(void)
{
	struct box_merged sum = { 0 };
	char host[PLACE_HOST_BYTES], name[PATH_MAX + 128];

	CU_ASSERT_FATAL(fixture_open(1 << 20));
	for (int i = 0; i < 244; i++)
		box_make("well", i, BOX_STATE_EXITED, 0, 0);
	for (int i = 0; i < 4; i++) {
		box_make("killed", i, BOX_STATE_RUNNING, -1, 0);
		box_make("handled", i, BOX_STATE_EXITED, 0, 1);
		box_make("failed", i, BOX_STATE_EXITED, 1, 1);
		box_make("dead", i, BOX_STATE_RUNNING, -1, 1); /* killed, after an exception */
	}
	CU_ASSERT_EQUAL(boxes(), 261); /* with our own */
	merge_make_room(place.directory);
	CU_ASSERT_EQUAL(boxes(), MERGE_FILES_MOST - 1);
	for (int i = 0; i < 4; i++)
		CU_ASSERT(is_there("failed", i) && is_there("dead", i) && is_there("killed", i) && is_there("handled", i));
	for (int i = 0; i < 244; i++)
		CU_ASSERT_EQUAL(is_there("well", i), i >= 6); /* the oldest of those that ended well */
	CU_ASSERT(!access(place.box, F_OK)); /* alive: ours */
	place_host(shim_box.header->host, host);
	snprintf(name, sizeof name, "%s/" BOX_MERGED_NAME "%s" BOX_MERGED_END, place.directory, host);
	int fd = open(name, O_RDONLY);
	CU_ASSERT_EQUAL(read(fd, &sum, sizeof sum), (ssize_t)sizeof sum);
	close(fd);
	CU_ASSERT_EQUAL(sum.processes, 6);
	CU_ASSERT_EQUAL(sum.failed, 0);
	CU_ASSERT_EQUAL(sum.events, 60);
	CU_ASSERT_EQUAL(sum.first_start_ns, 1000);
	fixture_remove();
}

/* Where nothing but failures is left, the first ones tell the most. */
static void
the_first_failures_stay(void)
{
	CU_ASSERT_FATAL(fixture_open(1 << 20));
	for (int i = 0; i < 258; i++)
		box_make("failed", i, BOX_STATE_EXITED, 1, 1);
	merge_make_room(place.directory);
	CU_ASSERT_EQUAL(boxes(), MERGE_FILES_MOST - 1);
	for (int i = 0; i < 258; i++)
		CU_ASSERT_EQUAL(is_there("failed", i), i < 254);
	fixture_remove();
}

/* Of a box that lies apart, what is in the trace's directory goes as well. */
static void
one_that_lies_apart_goes_as_a_whole(void)
{
	char apart[PATH_MAX + 64], box[PATH_MAX + 128];

	CU_ASSERT_FATAL(fixture_open(1 << 20));
	box_make("well", 0, BOX_STATE_EXITED, 0, 0); /* the oldest: moved away, with its name left in its place */
	for (int i = 1; i < 255; i++)
		box_make("failed", i, BOX_STATE_EXITED, 1, 1);
	snprintf(apart, sizeof apart, "%s/apart", fixture_directory);
	snprintf(box, sizeof box, "%s/well-0-x.box", apart);
	CU_ASSERT_EQUAL(mkdir(apart, 0700), 0);
	CU_ASSERT_EQUAL(rename(path_of("well", 0, ".box"), box), 0);
	FILE *at = fopen(path_of("well", 0, BOX_PLACE_END), "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	fprintf(at, BOX_PLACE_MAGIC "%s\n", box);
	fclose(at);
	merge_make_room(place.directory);
	CU_ASSERT_EQUAL(access(path_of("well", 0, BOX_PLACE_END), F_OK), -1);
	CU_ASSERT_EQUAL(access(apart, F_OK), -1);
	CU_ASSERT_EQUAL(boxes(), 255);
	fixture_remove();
}

int
main(void)
{
	CU_initialize_registry();
	CU_pSuite suite = CU_add_suite("merge", NULL, NULL);
	CU_add_test(suite, "what will be missed least goes", what_will_be_missed_least_goes);
	CU_add_test(suite, "the first failures stay", the_first_failures_stay);
	CU_add_test(suite, "one that lies apart goes as a whole", one_that_lies_apart_goes_as_a_whole);
	CU_basic_run_tests();
	unsigned failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures != 0;
}
