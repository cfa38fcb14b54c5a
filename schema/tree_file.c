/* The pages of a database that is being made: numbered, collected, written many at a time. See tree.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tree.h"

#define BUFFER_PAGES 32u
#define LOCK_BYTE (1u << 30) /* the page in which it lies is never used */

/* https://www.sqlite.org/fileformat2.html#the_database_header: where its numbers lie, big-endian */
enum { HEADER_PAGE_BYTES = 16, HEADER_RESERVED = 20, HEADER_CHANGES = 24, HEADER_PAGES = 28, HEADER_FREE = 36, HEADER_VACUUM = 52, HEADER_CHECKED = 92, HEADER_BYTES = 100 };

void
tree_fail(struct tree_file *file, int error)
{
	if (!file->error)
		file->error = error;
}

static uint32_t
read_32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* Is it as SQLite makes one: no bytes reserved on its pages, none of them free or a list of others, and a count that is to be believed? */
static bool
header_usual(const uint8_t *header)
{
	return !header[HEADER_RESERVED] && !read_32(header + HEADER_FREE) && !read_32(header + HEADER_VACUUM) && read_32(header + HEADER_PAGES) &&
	       read_32(header + HEADER_CHANGES) == read_32(header + HEADER_CHECKED);
}

void
tree_file_open(struct tree_file *file, const char *path)
{
	uint8_t header[HEADER_BYTES];
	ssize_t n;

	*file = (struct tree_file){ .descriptor = open(path, O_RDWR | O_CLOEXEC) };
	if (file->descriptor < 0) {
		tree_fail(file, errno);
		return;
	}
	n = pread(file->descriptor, header, sizeof header, 0);
	if (n != sizeof header || !header_usual(header)) {
		tree_fail(file, n < 0 ? errno : EINVAL);
		return;
	}
	file->page_bytes = (uint32_t)header[HEADER_PAGE_BYTES] << 8 | header[HEADER_PAGE_BYTES + 1];
	if (file->page_bytes < 512) /* 1: 65536, which isn't asked for */
		tree_fail(file, EINVAL);
	file->last = read_32(header + HEADER_PAGES);
	file->buffer = malloc((size_t)BUFFER_PAGES * file->page_bytes);
	if (!file->buffer)
		tree_fail(file, ENOMEM);
}

static void
write_at(struct tree_file *file, const uint8_t *bytes, size_t size, uint64_t offset)
{
	while (size && !file->error) {
		ssize_t n = pwrite(file->descriptor, bytes, size, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			tree_fail(file, n < 0 ? errno : ENOSPC);
			return;
		}
		bytes += n;
		size -= (size_t)n;
		offset += (uint64_t)n;
	}
}

static void
buffer_write(struct tree_file *file)
{
	write_at(file, file->buffer, (size_t)file->buffered * file->page_bytes, (uint64_t)(file->last - file->buffered) * file->page_bytes);
	file->buffered = 0;
}

uint32_t
tree_file_take(struct tree_file *file)
{
	if (file->error)
		return 0;
	if (file->buffered == BUFFER_PAGES)
		buffer_write(file);
	if (file->last >= UINT32_MAX - 2) {
		tree_fail(file, EFBIG);
		return 0;
	}
	if (file->last == LOCK_BYTE / file->page_bytes) {
		buffer_write(file);
		file->last++;
	}
	return ++file->last;
}

void
tree_file_put(struct tree_file *file, uint32_t page, const uint8_t *bytes)
{
	if (file->error || page != file->last)
		return;
	memcpy(file->buffer + (size_t)file->buffered++ * file->page_bytes, bytes, file->page_bytes);
}

void
tree_file_root(struct tree_file *file, uint32_t page, const uint8_t *bytes)
{
	write_at(file, bytes, file->page_bytes, (uint64_t)(page - 1) * file->page_bytes);
}

void
tree_file_close(struct tree_file *file)
{
	uint8_t pages[4] = { (uint8_t)(file->last >> 24), (uint8_t)(file->last >> 16), (uint8_t)(file->last >> 8), (uint8_t)file->last };

	if (!file->error) {
		buffer_write(file);
		write_at(file, pages, sizeof pages, HEADER_PAGES);
	}
	if (file->descriptor >= 0 && close(file->descriptor) != 0)
		tree_fail(file, errno);
	free(file->buffer);
	*file = (struct tree_file){ .descriptor = -1, .error = file->error };
}
