/* Files of processes that ended well, merged into one. See merge.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "box.h"
#include "directory.h"
#include "helper.h"
#include "merge.h"
#include "place.h"
#include "recorder.h"
#include "settings.h"

/* DIRECTORY's file for the processes of HOST, open; -1 where that can't be done. */
static int
open_merged(const char *directory, const char *host, int flags)
{
	char path[PATH_MAX], name[PLACE_HOST_BYTES];

	place_host(host, name);
	if (snprintf(path, sizeof path, "%s/" BOX_MERGED_NAME "%s" BOX_MERGED_END, directory, name) >= (int)sizeof path)
		return -1;
	return open(path, flags | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}

/* The same, mapped; NULL where that can't be done. */
static struct box_merged *
map_merged(const char *directory, const char *host)
{
	struct stat status;
	int fd = open_merged(directory, host, O_RDWR);

	if (fd < 0)
		return NULL;
	/* Every block, so that no store can fault; a second process that does the same changes nothing. */
	void *memory = MAP_FAILED;
	if (!fstat(fd, &status) && S_ISREG(status.st_mode)
	    && (status.st_size >= (off_t)sizeof(struct box_merged) || !posix_fallocate(fd, 0, sizeof(struct box_merged))))
		memory = mmap(NULL, sizeof(struct box_merged), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return memory == MAP_FAILED ? NULL : memory;
}

static void
least(uint64_t *kept, uint64_t value)
{
	uint64_t before = __atomic_load_n(kept, __ATOMIC_RELAXED);

	while ((!before || value < before)
	       && !__atomic_compare_exchange_n(kept, &before, value, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

static void
most(uint64_t *kept, uint64_t value)
{
	uint64_t before = __atomic_load_n(kept, __ATOMIC_RELAXED);

	while (value > before
	       && !__atomic_compare_exchange_n(kept, &before, value, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

/* Add what HEADER, of a box that is gone, counted to the SUM of its host. */
static void
add(struct box_merged *sum, const struct box_header *header)
{
	sum->version = BOX_VERSION;
	memcpy(sum->host, header->host, sizeof sum->host);
	__atomic_fetch_add(&sum->processes, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&sum->failed, header->state != BOX_STATE_EXITED || header->exit_status ? 1 : 0, __ATOMIC_RELAXED);
	__atomic_fetch_add(&sum->events, header->events + (header == shim_box.header ? recorder_open_events() : 0), __ATOMIC_RELAXED);
	for (int i = 0; i < BOX_LOSS_COUNT; i++)
		__atomic_fetch_add(&sum->lost[i], header->lost[i], __ATOMIC_RELAXED);
	least(&sum->first_start_ns, header->start_unix_ns);
	most(&sum->last_end_ns, header->end_unix_ns ? header->end_unix_ns : header->start_unix_ns);
	memcpy(sum->magic, BOX_MERGED_MAGIC, sizeof sum->magic);
}

/* Remove the files of STEM in DIRECTORY, whose box lies at BOX, and add what HEADER, its header, counted. One of many that try does it. */
static bool
merge(const char *directory, const char *stem, const char *box, const struct box_header *header)
{
	if (place.apart) { /* no mapped file may lie there: a record for each process, at the file's end */
		struct box_merged one;
		int fd = open_merged(directory, header->host, O_WRONLY | O_APPEND);
		bool removed = fd >= 0 && place_remove(directory, stem, box, header->segments, false);

		memset(&one, 0, sizeof one);
		add(&one, header);
		if (removed && write(fd, &one, sizeof one) < 0)
			errno = 0; /* nobody to tell */
		if (fd >= 0)
			close(fd);
		return removed;
	}
	struct box_merged *merged = map_merged(directory, header->host);
	bool removed = merged && place_remove(directory, stem, box, header->segments, false);

	if (removed)
		add(merged, header);
	if (merged)
		munmap(merged, sizeof *merged);
	return removed;
}

/* Has an exception been seen there? */
static bool
has_told(const struct box_header *header)
{
	return header->told > 0;
}

/* Has it worked on a device? Then its calls and memory are its own to tell. */
static bool
has_called_cuda(const struct box_header *header)
{
	const struct box_cuda_counts *counts = header->regions[BOX_CUDA].size_bytes ? box_region(BOX_CUDA) : NULL;

	for (uint32_t thread = 0; counts && thread < BOX_CUDA_THREADS; thread++)
		for (uint32_t which = 0; which < BOX_CUDA_COUNT_COUNT; which++)
			if (counts->threads[thread][which])
				return true;
	return false;
}

bool
merge_ended(bool foreign)
{
	const struct box_header *header = shim_box.header;
	int saved_errno = errno;

	if (settings.keep_all || foreign || header->step || has_told(header) || has_called_cuda(header)
	    || (header->origin != BOX_ORIGIN_FORKED && !helper_is_spawned()))
		return false;
	bool merged = merge(place.directory, place.stem, place.box, header);
	errno = saved_errno;
	return merged;
}

/* --- at most so many files ------------------------------------------------------------------ */

enum worth { WORTH_LITTLE, WORTH_HANDLED, WORTH_KILLED, WORTH_FAILED, WORTH_ALL /* alive, or not ours to judge */ };

struct candidate {
	enum worth worth;
	char stem[256], box[PATH_MAX];
	struct box_header header;
};

struct look { struct candidate *best; const char *directory; uint32_t count; };

/* Does the number of HEADER's process mean something here? */
static bool
is_here(const struct box_header *header)
{
	char host[sizeof header->host] = "";
	struct stat namespace;

	gethostname(host, sizeof host - 1);
	return !strncmp(header->host, host, sizeof host) && !stat("/proc/self/ns/pid", &namespace)
	       && namespace.st_ino == header->pid_namespace;
}

static enum worth
worth_of(const struct box_header *header)
{
	if (header->state == BOX_STATE_EXITED)
		return header->exit_status ? WORTH_FAILED : has_told(header) ? WORTH_HANDLED : WORTH_LITTLE;
	if (header->state == BOX_STATE_EXEC)
		return WORTH_LITTLE;
	if (!is_here(header) || header->pid <= 0 || kill(header->pid, 0) == 0 || errno != ESRCH)
		return WORTH_ALL;
	return has_told(header) ? WORTH_FAILED : WORTH_KILLED;
}

static bool
goes_before(const struct candidate *one, const struct candidate *other)
{
	if (one->worth != other->worth)
		return one->worth < other->worth;
	return one->worth == WORTH_FAILED ? one->header.start_unix_ns > other->header.start_unix_ns
					  : one->header.start_unix_ns < other->header.start_unix_ns;
}

/* The box that the file NAME is or names (*.at), open; -1 if there is none to be judged. PATH gets where it lies. */
static int
open_box(int directory, const char *directory_path, const char *name, char path[PATH_MAX])
{
	char at[256];
	size_t stem;

	if (directory_name_ends(name, ".box")) {
		stem = strlen(name) - strlen(".box");
		if (snprintf(at, sizeof at, "%.*s" BOX_PLACE_END, (int)stem, name) >= (int)sizeof at || !faccessat(directory, at, F_OK, 0)
		    || snprintf(path, PATH_MAX, "%s/%s", directory_path, name) >= PATH_MAX)
			return -1; /* a copy: the box itself lies apart */
		return openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	}
	int fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	bool told = fd >= 0 && place_read(fd, path, PATH_MAX);
	if (fd >= 0)
		close(fd);
	return told ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK) : -1;
}

static void
consider(int directory, const char *directory_path, const char *name, struct candidate *best)
{
	static struct candidate now; /* one box is made at a time */
	int fd = open_box(directory, directory_path, name, now.box);

	if (fd < 0)
		return;
	if (strlen(name) < sizeof now.stem && read(fd, &now.header, sizeof now.header) == (ssize_t)sizeof now.header
	    && !memcmp(now.header.magic, BOX_MAGIC, sizeof now.header.magic) && now.header.version == BOX_VERSION) {
		now.worth = worth_of(&now.header);
		strcpy(now.stem, name);
		*strrchr(now.stem, '.') = 0;
		if (now.worth != WORTH_ALL && (best->worth == WORTH_ALL || goes_before(&now, best)))
			*best = now;
	}
	close(fd);
}

static void
look_at(int directory, const char *name, void *context)
{
	struct look *look = context;
	bool box = directory_name_ends(name, ".box") || directory_name_ends(name, BOX_PLACE_END);

	look->count += box || directory_name_ends(name, ".db");
	if (box && look->best)
		consider(directory, look->directory, name, look->best);
}

/* Count the process files of DIRECTORY; with BEST, find the one that will be missed least. */
static uint32_t
look_through(int descriptor, const char *directory, struct candidate *best)
{
	struct look look = { best, directory, 0 };

	directory_each(descriptor, look_at, &look);
	return look.count;
}

void
merge_make_room(const char *directory)
{
	static struct candidate best;
	int fd;

	if (settings.keep_all || (fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		return;
	for (uint32_t count = look_through(fd, directory, NULL), tries = 0; count >= MERGE_FILES_MOST && tries < 8; tries++) {
		best.worth = WORTH_ALL;
		count = look_through(fd, directory, &best);
		if (count < MERGE_FILES_MOST || best.worth == WORTH_ALL)
			break;
		if (merge(directory, best.stem, best.box, &best.header))
			count--;
	}
	close(fd);
}
