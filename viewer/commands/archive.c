#include "archive.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "command.h"

#define BLOCK 512

/* POSIX.1-1988 ustar: https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html */
struct header {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100], magic[6], version[2], user[32], group[32],
		major[8], minor[8], prefix[155], rest[12];
};
_Static_assert(sizeof(struct header) == BLOCK, "a block of tar");

/* The sum of the header's bytes, its own field taken as blanks. */
static unsigned
checksum(const struct header *header)
{
	const unsigned char *bytes = (const unsigned char *)header;
	unsigned sum = 0;

	for (size_t i = 0; i < BLOCK; i++)
		sum += i >= offsetof(struct header, checksum) && i < offsetof(struct header, type) ? ' ' : bytes[i];
	return sum;
}

static bool
file_write(gzFile out, struct archive_file *file, struct error *error)
{
	struct header header = { .type = '0' };
	char buffer[1 << 16];
	struct stat status;
	FILE *in = fopen(file->path, "re");
	size_t size;
	bool ok;

	if (!in || fstat(fileno(in), &status) != 0 || status.st_size > ARCHIVE_BYTES_MOST) {
		command_trouble(error, "%s: %s", file->path, in ? "too large" : strerror(errno));
		if (in)
			fclose(in);
		return false;
	}
	file->size_bytes = status.st_size;
	snprintf(header.name, sizeof header.name, "%s", file->name);
	memcpy(header.mode, "0000644", 8);
	memcpy(header.uid, "0000000", 8);
	memcpy(header.gid, "0000000", 8);
	snprintf(header.size, sizeof header.size, "%011llo", (unsigned long long)status.st_size);
	memcpy(header.mtime, "00000000000", 12);
	memcpy(header.magic, "ustar", 6);
	memcpy(header.version, "00", 2);
	snprintf(header.checksum, sizeof header.checksum, "%06o", checksum(&header));
	header.checksum[7] = ' ';
	ok = gzwrite(out, &header, BLOCK) == BLOCK;
	while (ok && (size = fread(buffer, 1, sizeof buffer, in)) > 0)
		ok = gzwrite(out, buffer, (unsigned)size) == (int)size;
	memset(buffer, 0, BLOCK);
	size = (size_t)(-status.st_size & (BLOCK - 1));
	ok = ok && !ferror(in) && (!size || gzwrite(out, buffer, (unsigned)size) == (int)size);
	fclose(in);
	return ok;
}

bool
archive_write(const char *path, struct archive_file *files, int count, struct error *error)
{
	static const char end[2 * BLOCK];
	int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	gzFile out = descriptor < 0 ? NULL : gzdopen(descriptor, "wb9");
	bool ok = out != NULL;

	for (int i = 0; ok && i < count; i++)
		ok = file_write(out, &files[i], error);
	ok = ok && gzwrite(out, end, sizeof end) == (int)sizeof end;
	if (out ? gzclose(out) != Z_OK : descriptor >= 0 && close(descriptor) != 0)
		ok = false;
	if (!ok && !error->text[0])
		command_trouble(error, "%s: %s", path, errno ? strerror(errno) : "can't be compressed");
	return ok;
}

bool
archive_is(const char *path)
{
	unsigned char start[2] = { 0 };
	int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	bool is;

	if (descriptor < 0)
		return false;
	is = read(descriptor, start, sizeof start) == (ssize_t)sizeof start && start[0] == 0x1f && start[1] == 0x8b;
	close(descriptor);
	return is;
}

/* SIZE bytes, all of them. */
static bool
read_all(gzFile in, void *to, unsigned size)
{
	return gzread(in, to, size) == (int)size;
}

/* A name of plain characters, no directory, no hidden file. */
static bool
is_plain_name(const char *name)
{
	size_t size = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");

	return size > 0 && name[size] == 0 && name[0] != '.' && name[0] != '-';
}

static bool
is_zero(const struct header *header)
{
	static const struct header zero;

	return memcmp(header, &zero, sizeof zero) == 0;
}

/* An octal field; -1 if it is none. */
static int64_t
octal(const char *field, size_t size)
{
	int64_t value = 0;
	size_t i = 0;

	for (; i < size && field[i] >= '0' && field[i] <= '7'; i++)
		value = value * 8 + (field[i] - '0');
	return i && (i == size || field[i] == 0 || field[i] == ' ') ? value : -1;
}

static bool
file_read(gzFile in, int64_t size, const char *path, struct error *error)
{
	char buffer[1 << 16];
	int descriptor = path ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;
	bool ok = descriptor >= 0;

	if (!ok)
		command_trouble(error, "%s: %s", path ? path : "bundle", path ? strerror(errno) : "too many files");
	for (int64_t left = size; ok && left > 0;) {
		unsigned part = left < (int64_t)sizeof buffer ? (unsigned)left : (unsigned)sizeof buffer;

		ok = read_all(in, buffer, part);
		if (ok && write(descriptor, buffer, part) != (ssize_t)part) {
			command_trouble(error, "%s: %s", path, strerror(errno));
			ok = false;
		}
		left -= part;
	}
	if (descriptor >= 0)
		close(descriptor);
	return ok && read_all(in, buffer, (unsigned)(-size & (BLOCK - 1)));
}

bool
archive_read(const char *path, const char *first, bool (*allowed)(const char *name), struct scratch *scratch, struct error *error)
{
	gzFile in = gzopen(path, "rbe");
	struct header header;
	int64_t total = 0;
	int files = 0;
	bool ok = in != NULL;

	while (ok) {
		char name[ARCHIVE_NAME_MOST + 2] = "";
		int64_t size;

		ok = read_all(in, &header, BLOCK);
		if (!ok || (is_zero(&header) && files))
			break;
		memcpy(name, header.name, sizeof header.name);
		size = octal(header.size, sizeof header.size);
		ok = memcmp(header.magic, "ustar", 5) == 0 && octal(header.checksum, sizeof header.checksum) == (int64_t)checksum(&header) &&
		     header.type == '0' && is_plain_name(name) && allowed(name) && size >= 0 && !header.prefix[0] && (files || strcmp(name, first) == 0);
		if (ok && (files == ARCHIVE_FILES_MOST || size > ARCHIVE_BYTES_MOST - total)) {
			command_trouble(error, "%.300s: holds more than a bundle may: %d files, %lld bytes", path, ARCHIVE_FILES_MOST,
					(long long)ARCHIVE_BYTES_MOST);
			ok = false;
		}
		ok = ok && file_read(in, size, scratch_file(scratch, name), error);
		total += ok ? size : 0;
		files++;
	}
	if (in)
		gzclose(in);
	if (!ok && !error->text[0])
		command_trouble(error, files ? "%.300s: a damaged bundle" : "%.300s: not a bundle of shapebox", path);
	return ok;
}
