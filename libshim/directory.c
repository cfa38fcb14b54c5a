/* See directory.h. */
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "directory.h"

struct linux_dirent64 { uint64_t inode; int64_t offset; unsigned short bytes; unsigned char type; char name[]; };

void
directory_each(int descriptor, void (*each)(int descriptor, const char *name, void *context), void *context)
{
	char buffer[8192] __attribute__((aligned(8)));
	long size;

	lseek(descriptor, 0, SEEK_SET);
	while ((size = syscall(SYS_getdents64, descriptor, buffer, sizeof buffer)) > 0)
		for (long at = 0; at < size;) {
			const struct linux_dirent64 *entry = (const struct linux_dirent64 *)(buffer + at);
			each(descriptor, entry->name, context);
			at += entry->bytes;
		}
}

bool
directory_name_ends(const char *name, const char *end)
{
	size_t size = strlen(name), n = strlen(end);

	return size > n && !strcmp(name + size - n, end);
}
