/*
 * Several files in one, compressed: a tar archive (ustar) in gzip, which `tar tzf` lists and any machine unpacks.
 *
 * Reading takes nothing for granted: plain files alone, with plain names, no more and no larger than is said here.
 * Owner, time and permissions aren't kept.
 */
#ifndef SHAPEBOX_VIEWER_COMMANDS_ARCHIVE_H
#define SHAPEBOX_VIEWER_COMMANDS_ARCHIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "scratch.h"

#define ARCHIVE_FILES_MOST 1024
#define ARCHIVE_BYTES_MOST ((int64_t)1 << 30) /* unpacked, all together */
#define ARCHIVE_NAME_MOST 99

/* A file of an archive: what it is called there, and where its content lies. */
struct archive_file { const char *name, *path; int64_t size_bytes; };

/* Write COUNT files to PATH, which must not be there. Each one's size_bytes is filled. False: ERROR is filled. */
bool archive_write(const char *path, struct archive_file *files, int count, struct error *error);
/* Does the file PATH begin as a gzip file does? */
bool archive_is(const char *path);
/* Unpack PATH into SCRATCH; the first file must be called FIRST, and ALLOWED must say yes to every name. False: ERROR is filled. */
bool archive_read(const char *path, const char *first, bool (*allowed)(const char *name), struct scratch *scratch, struct error *error);

#endif
