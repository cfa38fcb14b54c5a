/* Files of processes that ended well, merged into one. See merge.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "box.h"
#include "merge.h"
#include "recorder.h"
#include "settings.h"

/* DIRECTORY's file for the processes of HOST, mapped; NULL where that can't be done. */
static struct box_merged *
map_merged(const char *directory, const char *host)
{
	char path[PATH_MAX], name[65];
	struct stat status;
	size_t size = strnlen(host, sizeof name - 1);

	for (size_t i = 0; i < size; i++)
		name[i] = host[i] == '/' || (unsigned char)host[i] <= ' ' ? '_' : host[i];
	name[size] = 0;
	if (snprintf(path, sizeof path, "%s/" BOX_MERGED_NAME "%s" BOX_MERGED_END, directory, name) >= (int)sizeof path)
		return NULL;
	int fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
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

/* Remove the box at PATH in DIRECTORY and add what HEADER, its header, counted. One of many that try does it. */
static bool
merge(const char *directory, const char *path, const struct box_header *header)
{
	struct box_merged *merged = map_merged(directory, header->host);
	char segment[PATH_MAX + 16];
	bool removed = false;

	if (!merged)
		return false;
	uint32_t segments = header->segments < 4096 ? header->segments : 4096;
	if (!unlink(path)) {
		removed = true;
		for (uint32_t i = 1; i <= segments; i++) {
			snprintf(segment, sizeof segment, "%s.%u", path, i);
			unlink(segment);
		}
		merged->version = BOX_VERSION;
		memcpy(merged->host, header->host, sizeof merged->host);
		__atomic_fetch_add(&merged->processes, 1, __ATOMIC_RELAXED);
		__atomic_fetch_add(&merged->failed, header->state != BOX_STATE_EXITED || header->exit_status ? 1 : 0,
				   __ATOMIC_RELAXED);
		__atomic_fetch_add(&merged->events, header->events + (header == shim_box.header ? recorder_open_events() : 0), __ATOMIC_RELAXED);
		for (int i = 0; i < BOX_LOSS_COUNT; i++)
			__atomic_fetch_add(&merged->lost[i], header->lost[i], __ATOMIC_RELAXED);
		least(&merged->first_start_ns, header->start_unix_ns);
		most(&merged->last_end_ns, header->end_unix_ns ? header->end_unix_ns : header->start_unix_ns);
		memcpy(merged->magic, BOX_MERGED_MAGIC, sizeof merged->magic);
	}
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

/* Started by Python's multiprocessing, in a new process image? */
static bool
is_spawned(void)
{
	static const char *const marks[] = { "--multiprocessing-fork", "multiprocessing.spawn", "multiprocessing.forkserver" };
	char text[4096];
	int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof text);

	if (fd >= 0)
		close(fd);
	for (size_t i = 0; size > 0 && i < sizeof marks / sizeof marks[0]; i++)
		if (memmem(text, (size_t)size, marks[i], strlen(marks[i])))
			return true;
	return false;
}

void
merge_ended(const char *path, bool foreign)
{
	const struct box_header *header = shim_box.header;
	char directory[PATH_MAX];
	const char *slash = strrchr(path, '/');
	int saved_errno = errno;

	if (settings.keep_all || foreign || !slash || header->step || has_told(header) || has_called_cuda(header)
	    || (header->origin != BOX_ORIGIN_FORKED && !is_spawned()))
		return;
	snprintf(directory, sizeof directory, "%.*s", (int)(slash - path), path);
	merge(directory, path, header);
	errno = saved_errno;
}

/* --- at most so many files ------------------------------------------------------------------ */

enum worth { WORTH_LITTLE, WORTH_HANDLED, WORTH_KILLED, WORTH_FAILED, WORTH_ALL /* alive, or not ours to judge */ };

struct candidate {
	enum worth worth;
	char name[256];
	struct box_header header;
};

struct linux_dirent64 { uint64_t inode; int64_t offset; unsigned short bytes; unsigned char type; char name[]; };

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

static void
consider(int directory, const char *name, struct candidate *best)
{
	static struct candidate now; /* one box is made at a time */
	int fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0)
		return;
	if (strlen(name) < sizeof now.name && read(fd, &now.header, sizeof now.header) == (ssize_t)sizeof now.header
	    && !memcmp(now.header.magic, BOX_MAGIC, sizeof now.header.magic) && now.header.version == BOX_VERSION) {
		now.worth = worth_of(&now.header);
		strcpy(now.name, name);
		if (now.worth != WORTH_ALL && (best->worth == WORTH_ALL || goes_before(&now, best)))
			*best = now;
	}
	close(fd);
}

static bool
ends_in(const char *name, const char *end)
{
	size_t size = strlen(name), n = strlen(end);

	return size > n && !strcmp(name + size - n, end);
}

/* Count the process files of DIRECTORY; with BEST, find the one that will be missed least. */
static uint32_t
look_through(int directory, struct candidate *best)
{
	char buffer[8192] __attribute__((aligned(8)));
	uint32_t count = 0;
	long size;

	lseek(directory, 0, SEEK_SET);
	while ((size = syscall(SYS_getdents64, directory, buffer, sizeof buffer)) > 0)
		for (long at = 0; at < size;) {
			const struct linux_dirent64 *entry = (const struct linux_dirent64 *)(buffer + at);
			bool box = ends_in(entry->name, ".box");
			count += box || ends_in(entry->name, ".db");
			if (box && best)
				consider(directory, entry->name, best);
			at += entry->bytes;
		}
	return count;
}

void
merge_make_room(const char *directory)
{
	static struct candidate best;
	char path[PATH_MAX];
	int fd;

	if (settings.keep_all || (fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		return;
	for (uint32_t count = look_through(fd, NULL), tries = 0; count >= MERGE_FILES_MOST && tries < 8; tries++) {
		best.worth = WORTH_ALL;
		count = look_through(fd, &best);
		if (count < MERGE_FILES_MOST || best.worth == WORTH_ALL)
			break;
		if (snprintf(path, sizeof path, "%s/%s", directory, best.name) < (int)sizeof path
		    && merge(directory, path, &best.header))
			count--;
	}
	close(fd);
}
