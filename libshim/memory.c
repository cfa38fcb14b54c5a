/* Asking before reading. See memory.h. */
#include <errno.h>
#include <sys/uio.h>
#include <unistd.h>

#include "memory.h"

#define PAGE 4096ull /* the smallest there is */
#define BATCH 128

bool
memory_is_readable(const void *start, uint64_t size_bytes)
{
	uintptr_t at = (uintptr_t)start & ~(uintptr_t)(PAGE - 1), last = (uintptr_t)start + (size_bytes - 1);
	struct iovec pages[BATCH];
	char bytes[BATCH];
	pid_t self = getpid();

	if (last < (uintptr_t)start)
		return false;
	while (at <= last) {
		struct iovec into = { bytes, 0 };
		for (; at <= last && into.iov_len < BATCH; at += PAGE)
			pages[into.iov_len++] = (struct iovec){ (void *)at, 1 };
		/* One byte of each page, copied by the kernel: what would fault makes it stop. */
		ssize_t copied = process_vm_readv(self, &into, 1, pages, into.iov_len, 0);
		if (copied < 0 && errno != EFAULT)
			return true; /* forbidden here: no answer */
		if (copied != (ssize_t)into.iov_len)
			return false;
	}
	return true;
}
