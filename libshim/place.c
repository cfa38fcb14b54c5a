/* See place.h. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "../schema/box.h"
#include "clock.h"
#include "directory.h"
#include "place.h"
#include "settings.h"

struct place place;

enum { LOCAL, SHARED };

bool
place_maps(uint64_t type, uint64_t size_bytes)
{
	static const struct { uint32_t type; int kind; } known[] = {
#define FILESYSTEM(type, kind, name) { type, kind },
#include "filesystems.def"
#undef FILESYSTEM
	};
	const uint32_t tmpfs = 0x01021994;

	type &= UINT32_MAX; /* statfs sign-extends some */
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (known[i].type == type)
			return known[i].kind == LOCAL && (type != tmpfs || !size_bytes || size_bytes >= PLACE_MEMORY_LEAST);
	return false;
}

/* May a mapped file lie in DIRECTORY? */
static bool
directory_maps(const char *directory)
{
	struct statfs status;

	return !statfs(directory, &status) && place_maps((uint64_t)status.f_type, (uint64_t)status.f_blocks * (uint64_t)status.f_bsize);
}

void
place_host(const char *host, char name[PLACE_HOST_BYTES])
{
	size_t size = strnlen(host, PLACE_HOST_BYTES - 1);

	for (size_t i = 0; i < size; i++)
		name[i] = host[i] == '/' || (unsigned char)host[i] <= ' ' ? '_' : host[i];
	name[size] = 0;
}

/* --- directories ------------------------------------------------------------------------------ */

/* Everything in a trace's directory is the trace's: git is told so. */
static void
ignore_in_git(const char *directory)
{
	char path[PATH_MAX + 16];

	snprintf(path, sizeof path, "%s/.gitignore", directory);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return;
	if (write(fd, "*\n", 2) != 2)
		unlink(path);
	close(fd);
}

/* Is PATH a directory of this user alone? In /tmp anybody may have made one of a name that can be guessed, or a link. */
static bool
is_own(const char *path)
{
	struct stat status;

	return !lstat(path, &status) && S_ISDIR(status.st_mode) && status.st_uid == geteuid() && !(status.st_mode & 077);
}

bool
place_open(unsigned candidate)
{
	const char *roots[PLACE_CANDIDATES] = { "", getenv("TMPDIR"), "/tmp" };
	const char *name = strrchr(settings.directory, '/');

	if (!roots[candidate] || (candidate && !roots[candidate][0]) || !name
	    || snprintf(place.directory, sizeof place.directory, "%s%s", roots[candidate], candidate ? name : settings.directory)
		       >= (int)sizeof place.directory)
		return false;
	if (!mkdir(place.directory, 0700))
		ignore_in_git(place.directory);
	else if (errno != EEXIST || (candidate && !is_own(place.directory)))
		return false;
	place.apart = settings.local[0] || !directory_maps(place.directory);
	return !access(place.directory, W_OK | X_OK);
}

/* A directory of this user alone for the trace's boxes, in ROOT if a mapped file may lie there. */
static bool
make_apart(const char *root, char *directory, size_t room)
{
	const char *name = strrchr(place.directory, '/');
	uint32_t hash = 2166136261u;

	if (!root || root[0] != '/')
		return false;
	if (root == settings.local)
		mkdir(root, 0700);
	if (!directory_maps(root))
		return false;
	for (const char *at = place.directory; *at; at++)
		hash = (hash ^ (unsigned char)*at) * 16777619u;
	if (snprintf(directory, room, "%s/%.60s-%08x", root, name ? name + 1 : "shapebox", hash) >= (int)room)
		return false;
	mkdir(directory, 0700);
	return is_own(directory);
}

/* --- files ------------------------------------------------------------------------------------ */

/* A file of SIZE bytes with all its blocks, so that no store into its mapping can ever fault for want of disk space. */
static int
allocate_file(int fd, uint64_t size)
{
	sigset_t limit_signal, before;
	struct timespec at_once = { 0, 0 };

	/* Beyond RLIMIT_FSIZE the kernel sends SIGXFSZ besides failing: keep it from the program. */
	sigemptyset(&limit_signal);
	sigaddset(&limit_signal, SIGXFSZ);
	pthread_sigmask(SIG_BLOCK, &limit_signal, &before);
	int error = posix_fallocate(fd, 0, (off_t)size);
	if (error && !sigismember(&before, SIGXFSZ))
		sigtimedwait(&limit_signal, NULL, &at_once);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error;
}

char *
place_map_file(const char *path, uint64_t size_bytes)
{
	void *memory = MAP_FAILED;
	int fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return NULL;
	if (!allocate_file(fd, size_bytes))
		memory = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		unlink(path);
	close(fd); /* a program may close every descriptor it finds and reuse the number: keep none */
	return memory == MAP_FAILED ? NULL : memory;
}

static void
file_path(const char *directory, const char *stem, const char *end, char path[PATH_MAX])
{
	if (snprintf(path, PATH_MAX, "%s/%s%s", directory, stem, end) >= PATH_MAX)
		path[0] = 0; /* no such file */
}

/* A name that no process of this trace has. */
static bool
name_files(int rank, bool forked)
{
	static const char *const ends[] = { BOX_PLACE_END, ".box", ".db" };
	char node[PLACE_HOST_BYTES] = "", host[PLACE_HOST_BYTES], path[PATH_MAX];

	gethostname(node, sizeof node - 1);
	place_host(node, host);
	for (int attempt = 1; attempt < 10; attempt++) {
		char again[8] = "";
		bool taken = false;
		if (attempt > 1) /* the same process id once more, after an exec or a container's restart */
			snprintf(again, sizeof again, ".%d", attempt);
		snprintf(place.stem, sizeof place.stem, "rank%d-%s%s-%d%s", rank < 0 ? 0 : rank, forked ? "worker-" : "", host,
			 (int)getpid(), again);
		for (size_t i = 0; !taken && i < sizeof ends / sizeof ends[0]; i++) {
			file_path(place.directory, place.stem, ends[i], path);
			taken = !access(path, F_OK);
		}
		if (!taken)
			return true;
	}
	return false;
}

/* Write NAME.at, which says where the box lies. */
static bool
tell_place(void)
{
	char path[PATH_MAX], text[PATH_MAX + 16];
	int size = snprintf(text, sizeof text, BOX_PLACE_MAGIC "%s\n", place.box);

	file_path(place.directory, place.stem, BOX_PLACE_END, path);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return false;
	bool written = write(fd, text, (size_t)size) == size;
	written = !close(fd) && written;
	if (!written)
		unlink(path);
	return written;
}

bool
place_read(int descriptor, char *box, uint32_t room)
{
	char text[PATH_MAX + 16];
	ssize_t size = read(descriptor, text, sizeof text - 1);
	const size_t magic = strlen(BOX_PLACE_MAGIC);

	if (size <= (ssize_t)magic || memcmp(text, BOX_PLACE_MAGIC, magic))
		return false;
	text[size] = 0;
	text[strcspn(text + magic, "\n") + magic] = 0;
	return text[magic] == '/' && snprintf(box, room, "%s", text + magic) < (int)room;
}

static char *
map_apart(uint64_t size_bytes)
{
	const char *roots[] = { settings.local, getenv("TMPDIR"), "/tmp", "/var/tmp", "/dev/shm" };
	char directory[PATH_MAX];
	bool any = false;

	place.apart = true;
	for (size_t i = 0; i < sizeof roots / sizeof roots[0]; i++) {
		if (!make_apart(roots[i], directory, sizeof directory))
			continue;
		any = true;
		if (snprintf(place.box, sizeof place.box, "%s/%s-%08x.box", directory, place.stem, (uint32_t)clock_unix_ns())
		    >= (int)sizeof place.box)
			continue;
		char *base = place_map_file(place.box, size_bytes);
		if (base && tell_place())
			return base;
		if (base) {
			munmap(base, size_bytes);
			unlink(place.box);
		}
		rmdir(directory);
	}
	place.box[0] = 0;
	if (any)
		return NULL;
	void *memory = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return memory == MAP_FAILED ? NULL : memory;
}

char *
place_map(int rank, bool forked, uint64_t size_bytes)
{
	char *base = NULL;

	if (!name_files(rank, forked))
		return NULL;
	if (!place.apart) {
		file_path(place.directory, place.stem, ".box", place.box);
		base = place_map_file(place.box, size_bytes);
	}
	return base ? base : map_apart(size_bytes);
}

bool
place_remove(const char *directory, const char *stem, const char *box, uint32_t segments, bool keep_copy)
{
	char path[PATH_MAX], segment[PATH_MAX + 16];

	if (unlink(box))
		return false;
	for (uint32_t i = 1; i <= segments && i < 4096; i++) {
		snprintf(segment, sizeof segment, "%s.%u", box, i);
		unlink(segment);
	}
	file_path(directory, stem, BOX_PLACE_END, path);
	if (!unlink(path)) { /* it lay apart */
		file_path(directory, stem, ".box", path);
		if (!keep_copy)
			unlink(path);
		snprintf(path, sizeof path, "%s", box);
		*strrchr(path, '/') = 0;
		rmdir(path); /* unless others are there */
	}
	return true;
}

/* --- how much is there ------------------------------------------------------------------------ */

struct sum { char host[PLACE_HOST_BYTES + 2]; uint64_t bytes; };

static void
add_file(int directory, const char *name, void *context)
{
	struct sum *sum = context;
	struct stat status;

	if (strstr(name, ".box") && strstr(name, sum->host) && !fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW))
		sum->bytes += (uint64_t)status.st_blocks * 512;
}

static void
add_directory(const char *directory, struct sum *sum)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;
	directory_each(fd, add_file, sum);
	close(fd);
}

uint64_t
place_used_bytes(void)
{
	char node[PLACE_HOST_BYTES] = "", host[PLACE_HOST_BYTES], directory[PATH_MAX];
	struct sum sum = { "", 0 };

	gethostname(node, sizeof node - 1);
	place_host(node, host);
	snprintf(sum.host, sizeof sum.host, "-%s-", host);
	add_directory(place.directory, &sum);
	if (place.apart && place.box[0]) {
		snprintf(directory, sizeof directory, "%s", place.box);
		*strrchr(directory, '/') = 0;
		add_directory(directory, &sum);
	}
	return sum.bytes;
}
