/* Small files. See file.h. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "file.h"

size_t
file_read(const char *path, char *text, size_t room)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);
	size_t used = 0;
	ssize_t got;

	if (file < 0)
		return 0;
	while (used < room && (got = read(file, text + used, room - used)) != 0)
		if (got > 0)
			used += (size_t)got;
		else if (errno != EINTR)
			break;
	close(file);
	return used;
}
