/* What this process is to the one that started it. See helper.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "helper.h"

bool
helper_is_spawned(void)
{
	/* multiprocessing.spawn.get_command_line, .forkserver.ForkServer.ensure_running, .resource_tracker */
	static const char *const marks[] = { "--multiprocessing-fork", "multiprocessing.spawn", "multiprocessing.forkserver" };
	char text[4096];
	int saved_errno = errno;
	size_t size = file_read("/proc/self/cmdline", text, sizeof text);
	bool spawned = false;

	for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
		spawned = spawned || memmem(text, size, marks[i], strlen(marks[i]));
	errno = saved_errno;
	return spawned;
}

/* Was the parent started with ENTRY ("NAME=value") in its environment? */
static bool
parent_has(const char *entry)
{
	char path[32], text[4096];
	size_t matched = 0, wanted = strlen(entry) + 1; /* with its NUL */
	bool at_start = true, found = false;
	ssize_t size;

	snprintf(path, sizeof path, "/proc/%d/environ", (int)getppid());
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	while (!found && (size = read(fd, text, sizeof text)) > 0)
		for (ssize_t i = 0; i < size && !found; i++) {
			matched = (matched || at_start) && text[i] == entry[matched] ? matched + 1 : 0;
			found = matched == wanted;
			at_start = !text[i];
		}
	close(fd);
	return found;
}

bool
helper_is_rank(void)
{
	static const char *const names[] = { "RANK", "OMPI_COMM_WORLD_RANK", "PMI_RANK" };
	int saved_errno = errno;
	bool rank = false;

	for (size_t i = 0; i < sizeof names / sizeof names[0] && !rank; i++) {
		const char *value = getenv(names[i]);
		char entry[64];

		if (value && *value && snprintf(entry, sizeof entry, "%s=%s", names[i], value) < (int)sizeof entry)
			rank = !parent_has(entry);
	}
	errno = saved_errno;
	return rank;
}
