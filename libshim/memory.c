/* Asking before reading. See memory.h. */
#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "file.h"
#include "memory.h"

#define PAGE 4096ull /* the smallest there is */

/* rt_sigprocmask copies the set that it is given before it looks at what to do with it, and this it does not know. */
static bool
page_is_readable(uintptr_t page)
{
	return syscall(SYS_rt_sigprocmask, ~0, (void *)page, NULL, 8) == -1 && errno == EINVAL;
}

bool
memory_is_readable(const void *start, uint64_t size_bytes)
{
	uintptr_t first = (uintptr_t)start & ~(uintptr_t)(PAGE - 1), last = (uintptr_t)start + (size_bytes - 1);

	if (last < (uintptr_t)start)
		return false;
	for (uintptr_t page = first; page <= last; page += PAGE)
		if (!page_is_readable(page))
			return false;
	return true;
}

uint64_t
memory_left(void)
{
	struct rlimit limit;
	char text[64];
	uint64_t used;

	if (getrlimit(RLIMIT_AS, &limit) || limit.rlim_cur == RLIM_INFINITY)
		return UINT64_MAX;
	text[file_read("/proc/self/statm", text, sizeof text - 1)] = 0;
	used = strtoull(text, NULL, 10) * PAGE;
	return limit.rlim_cur > used ? limit.rlim_cur - used : 0;
}
